"""The JSON Schema of params.yaml, for editors: every key with its meaning, and the settings of every method.

It is made from the classes that read params.yaml. A key's meaning comes from its field's `description`, else from the
"Attributes" of its class's docstring, else from `_MEANINGS` below or the class of its value.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gan_augment.core.atomic import write_text
from gan_augment.core.validation import models_in
from gan_augment.params import Params
from gan_augment.synthesis.registry import method_names, resolve_method

__all__ = ["SCHEMA_FILE", "params_schema", "settings_schema", "write_schema"]

SCHEMA_FILE = Path(".gan_augment/params.schema.json")  # params.yaml's first line names it

_MEANINGS = {
    # "Class.key", or "key" for all classes without an entry of their own
    "Params.classes": "One entry a class: a key that is safe in file names, and settings of the class's own.",
    "BaseConfig.seed": "The same data, settings and seed give the same bytes.",
    "ClassParams.label": "The class as the data has it.",
    "ClassParams.specialise": "Whether this class gets a model of its own; null: as train_gan.specialise.",
    "ClassParams.candidates": "Synthetic samples of this class before curation; null: as generate.candidates.",
    "SynthesisConfig.method": "`gan-augment methods list` says what each one makes.",
    "SynthesisConfig.settings": "The method's own settings; `gan-augment methods show NAME` lists them.",
    "TrainGanConfig.specialise": "Train a model a class from the joint one; kept only where it is no worse.",
    "GenerateConfig.candidates": "Synthetic samples a class before curation; a class's own number overrides it.",
    "MixConfig.ratios": "A class is filled up to ratio x the largest train class; 0 is always tried.",
    "MixConfig.seeds": "Classifiers trained for each ratio.",
    "MixConfig.early_stopping": "Give up a ratio that is clearly behind after its first seed.",
    "MixConfig.per_class": "Then take single classes' synthetic rows away where validation does not miss them.",
    "MeasureConfig.confidence": "Of every interval; the gain must lie above minimum_gain with this confidence.",
    "MeasureConfig.bootstrap_draws": "Resampled test sets behind the intervals.",
    "RetrainConfig.classifier": "What the data is for; null: cnn for images, hist_gradient_boosting for tables.",
    "RetrainConfig.second_opinion": "The comparison again with another classifier: auto, none, or one by its kind.",
    "RetrainConfig.arms": "What is compared; real and one arm with synthetic rows must be among them.",
    "RetrainConfig.seeds": "Classifiers an arm; more seeds shorten the interval.",
    "ClassicalConfig.strength": "Scales every magnitude; 0 switches classical augmentation off.",
    "ClassicalConfig.flip_horizontal": "True where a mirrored image keeps its class.",
    "ClassicalConfig.flip_vertical": "True where an image upside down keeps its class.",
    "ClassicalConfig.views": "Augmented versions an image gets at most.",
    "CnnConfig.steps": "Optimiser steps of every arm; null: 30 passes over the real train images.",
    "LogisticRegressionConfig.C": "Inverse strength of the L2 penalty.",
    "LinearProbeConfig.C": "Inverse strength of the L2 penalty, on scaled features.",
    "HistGradientBoostingConfig.column_share": "Columns each tree may split on; what makes seeds differ.",
    "CustomConfig.factory": "module:function, imported and called; it returns an object with fit and predict_proba.",
    "CustomConfig.settings": "Keyword arguments of the factory.",
    "CustomConfig.input": "encoded: a numeric matrix; raw: the DataFrame or the uint8 images.",
    "CopyFilter.min_ratio": "Nearest a row may be to a train row, in median held-out distances.",
    "DuplicateFilter.min_ratio": "Nearest a row may be to an earlier one, in median held-out distances.",
    "JudgeFilter.min_probability": "What the real-trained judge must give a row's own label.",
    "DensityFilter.neighbours": "Which neighbour's distance counts.",
    "JudgeConfig.members": "Classifiers whose probabilities are averaged.",
    "JudgeConfig.shifts": "Images: move every image a little at every step.",
    "JudgeConfig.table_model": "Tables: which classifier judges.",
    "WeaknessConfig.checks": "What is looked at and shown in the report.",
    "WeaknessConfig.require": "Checks whose red light rejects the whole set.",
    "DemoSource.name": "Which embedded data set.",
    "ImageManifestSource.image": "The column with image paths, relative to the table's folder.",
    "PoolManifest.image": "The column with image paths, relative to the table's folder.",
    "RangeRule.low": "Least value; null: none.",
    "RangeRule.high": "Greatest value; null: none.",
    "kind": "Which of the alternatives this is.",
    "path": "Relative to params.yaml.",
    "target": "The column with the class.",
    "encoding": "Of a CSV file; null: UTF-8, or Windows-1252 where the file cannot be UTF-8.",
    "column": "The column it is about.",
    "columns": "The columns it is about.",
    "steps": "Optimiser steps.",
    "batch_size": "Rows an optimiser step.",
    "learning_rate": "Of the optimiser, at the start.",
    "iterations": "Rounds at most.",
    "trees": "How many trees.",
    "min_samples_leaf": "Fewest rows a leaf may hold.",
    "width": "Channels or units of the network.",
    "discriminator_width": "Channels of the discriminator.",
    "latent": "Length of the noise that a sample starts from.",
    "architecture": "Which networks.",
    "objective": "Which loss the two networks play for.",
    "embedding": "Length of a class's learnt vector.",
    "gamma_end": "Weight of the penalties at the end.",
    "augment": "Which augmentations the discriminator sees; not those of the product.",
    "kernels": "Which kernels reduce an image.",
}


def write_schema(root: Path) -> Path:
    """Write the schema where params.yaml's first line refers to it, and return the path."""
    path = root / SCHEMA_FILE
    write_text(path, json.dumps(params_schema(), indent=1, ensure_ascii=False) + "\n")
    return path


def params_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of params.yaml, self-contained."""
    schema = _described(Params, "#/$defs/{model}")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    synthesis = schema["$defs"]["SynthesisConfig"]
    synthesis["properties"]["method"]["enum"] = method_names()
    synthesis["allOf"] = [_settings_of(name, schema["$defs"]) for name in method_names()]
    return schema


def settings_schema(name: str) -> dict[str, Any]:
    """JSON Schema of `synthesis.settings` of this method, each key with its meaning. Raises MethodError."""
    return _described(resolve_method(name).Config, "#/$defs/{model}")


def _settings_of(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Condition that the settings of method `name` are those of its Config, which goes into `definitions`."""
    config = _described(resolve_method(name).Config, f"#/$defs/{name}.{{model}}")
    definitions |= {f"{name}.{key}": value for key, value in config.pop("$defs", {}).items()}
    definitions[f"{name}.settings"] = config
    then = {"properties": {"settings": {"$ref": f"#/$defs/{name}.settings"}}}
    return {"if": {"properties": {"method": {"const": name}}}, "then": then}


def _described(model: type[BaseModel], reference: str) -> dict[str, Any]:
    """Pydantic's schema of `model` with a meaning for every key, and short descriptions of its sections."""
    schema = model.model_json_schema(ref_template=reference)
    for one in _models(model):
        own = schema if one is model else schema["$defs"].get(one.__name__)
        if own is None:
            continue
        own["description"] = _summary(one)
        for key, value in own.get("properties", {}).items():
            if meaning := _meaning(one, key):
                value.setdefault("description", meaning)
    return schema


def _models(model: type[BaseModel], known: set[type[BaseModel]] | None = None) -> Iterator[type[BaseModel]]:
    """Model, and every model that a field of it may hold."""
    known = set() if known is None else known
    if model in known:
        return
    known.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from _models(inner, known)


def _meaning(model: type[BaseModel], key: str) -> str | None:
    for owner in model.__mro__:
        if found := _attributes(owner).get(key):
            return found
    if exact := _MEANINGS.get(f"{model.__name__}.{key}"):
        return exact
    inner = list(models_in(model.model_fields[key].annotation))
    return _summary(inner[0]) if len(inner) == 1 else _MEANINGS.get(key)


def _attributes(model: type) -> dict[str, str]:
    """Texts of the "Attributes" of a docstring in numpydoc's layout, by field."""
    _, _, section = (inspect.cleandoc(model.__doc__ or "")).partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    for names, text in re.findall(r"^(\w+(?:, \w+)*)\n((?:[ ]{4}.*\n?)+)", section, flags=re.MULTILINE):
        found |= {name: " ".join(text.split()) for name in names.split(", ")}
    return found


def _summary(model: type) -> str:
    """First paragraph of a docstring."""
    return " ".join(inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0].split())
