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
    "Params.classes": "Classes, one entry each: a key that is safe in file names, and the class's own settings.",
    "BaseConfig.seed": "The same data, settings and seed give the same bytes.",
    "ClassParams.label": "The class's label in the data.",
    "ClassParams.specialise": "Whether this class gets a model of its own; null: as in train_gan.specialise.",
    "ClassParams.candidates": "Synthetic samples of this class before curation; null: as in generate.candidates.",
    "SynthesisConfig.method": "The synthesis method; `gan-augment methods list` describes each one.",
    "SynthesisConfig.settings": "The method's own settings; `gan-augment methods show NAME` lists them.",
    "TrainGanConfig.specialise": "Train a model per class from the joint one; kept only where it is no worse.",
    "GenerateConfig.candidates": "Synthetic samples per class before curation; a class's own number overrides it.",
    "MixConfig.ratios": "A class is filled up to ratio x the largest train class; 0 is always tried.",
    "MixConfig.seeds": "Classifiers trained for each ratio.",
    "MixConfig.early_stopping": "Drop a ratio that is clearly behind after its first seed.",
    "MixConfig.per_class": "Then remove single classes' synthetic rows where validation does not need them.",
    "MeasureConfig.confidence": "Confidence of every interval; the gain must lie above minimum_gain with it.",
    "MeasureConfig.bootstrap_draws": "Resampled test sets behind the intervals.",
    "RetrainConfig.classifier": "The classifier to improve; null: cnn for images, hist_gradient_boosting for tables.",
    "RetrainConfig.second_opinion": "Another classifier to repeat the comparison with: auto, none, or a kind.",
    "RetrainConfig.arms": "The arms compared; real and an arm with synthetic rows must be among them.",
    "RetrainConfig.seeds": "Classifiers per arm; more seeds shorten the interval.",
    "ClassicalConfig.strength": "Factor of every magnitude; 0 switches classical augmentation off.",
    "ClassicalConfig.flip_horizontal": "True where a mirrored image keeps its class.",
    "ClassicalConfig.flip_vertical": "True where an image upside down keeps its class.",
    "ClassicalConfig.views": "Augmented versions per image at most.",
    "CnnConfig.steps": "Optimiser steps of every arm; null: 30 passes over the real train images.",
    "LogisticRegressionConfig.C": "Inverse strength of the L2 penalty.",
    "LinearProbeConfig.C": "Inverse strength of the L2 penalty, on scaled features.",
    "HistGradientBoostingConfig.column_share": "Share of columns on which each tree may split; it makes seeds differ.",
    "CustomConfig.factory": "module:function, imported and called; it returns an object with fit and predict_proba.",
    "CustomConfig.settings": "Keyword arguments of the factory.",
    "CustomConfig.input": "encoded: a numeric matrix; raw: the DataFrame or the uint8 images.",
    "CopyFilter.min_ratio": "Least distance of a row to a train row, in median held-out distances.",
    "DuplicateFilter.min_ratio": "Least distance of a row to an earlier row, in median held-out distances.",
    "JudgeFilter.min_probability": "Least probability of a row's own label by the real-trained judge.",
    "DensityFilter.neighbours": "The number of the neighbour whose distance counts.",
    "JudgeConfig.members": "Classifiers whose probabilities are averaged.",
    "JudgeConfig.shifts": "Images: move every image a little at every step.",
    "JudgeConfig.table_model": "Tables: the classifier of the judge.",
    "WeaknessConfig.checks": "The checks made and shown in the report.",
    "WeaknessConfig.require": "Checks whose red light rejects the whole set.",
    "DemoSource.name": "The embedded data set.",
    "ImageManifestSource.image": "The column with image paths, relative to the table's folder.",
    "PoolManifest.image": "The column with image paths, relative to the table's folder.",
    "RangeRule.low": "Least value; null: none.",
    "RangeRule.high": "Greatest value; null: none.",
    "kind": "The alternative that this section describes.",
    "path": "Path relative to params.yaml.",
    "target": "The column with the class.",
    "encoding": "Encoding of a CSV file; null: UTF-8, or Windows-1252 where the file cannot be UTF-8.",
    "column": "The column concerned.",
    "columns": "The columns concerned.",
    "steps": "Optimiser steps.",
    "batch_size": "Rows per optimiser step.",
    "learning_rate": "The optimiser's initial learning rate.",
    "iterations": "Rounds at most.",
    "trees": "Number of trees.",
    "min_samples_leaf": "Fewest rows a leaf may hold.",
    "width": "Channels or units of the network.",
    "discriminator_width": "Channels of the discriminator.",
    "latent": "Length of a sample's noise vector.",
    "architecture": "Architecture of the networks.",
    "objective": "Loss of the two networks.",
    "embedding": "Length of a class's learnt vector.",
    "gamma_end": "Weight of the penalties at the end.",
    "augment": "Augmentations of the discriminator's inputs; generated samples stay unaugmented.",
    "kernels": "Kernels that reduce an image.",
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
