"""Models of params.yaml: one section per stage or component; unknown keys are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from gan_augment.core.class_key import ClassKey
from gan_augment.core.documents import Document, read_document
from gan_augment.core.errors import ParamsError
from gan_augment.core.quantities import Samples, Seed
from gan_augment.core.records import Record
from gan_augment.core.validation import counted, explain_mistakes, listed, shown
from gan_augment.curation.config import CurateConfig
from gan_augment.data.config import PrepareConfig
from gan_augment.downstream.config import RetrainConfig
from gan_augment.gain.config import MeasureConfig
from gan_augment.mixing.config import CrossFitConfig, MixConfig
from gan_augment.reporting.config import ReportConfig
from gan_augment.sharding.config import ExportConfig, PublishConfig
from gan_augment.synthesis.config import GenerateConfig, SynthesisConfig, TrainGanConfig

__all__ = ["CHECK", "NO_PARAMS", "BaseConfig", "ClassParams", "Params", "as_params", "load_params", "salvage"]

CHECK = "gan-augment params check"
NO_PARAMS = "run `gan-augment init PATH_TO_YOUR_DATA` here, or change to the project's folder"
_COUNTS = ("there is none", "one alone is")
_STAND_INS: dict[str, Any] = {  # for sections that have no defaults
    "classes": {"a": {"label": "a"}, "b": {"label": "b"}},
    "prepare": {"source": {"kind": "demo", "name": "digits"}},
    "synthesis": {"method": "oversample"},
}


class BaseConfig(Record):
    """Settings that every stage shares."""

    seed: Seed = 0
    device: str = Field(
        default="auto", pattern=r"^(auto|cpu|cuda(:\d{1,4})?|mps)$", description="auto, cpu, cuda, cuda:1 or mps"
    )
    gpu_share: int = Field(default=1, ge=1, le=16, description="how many trainings may share a GPU; 1: none")


class ClassParams(Record):
    """Class with its label in the data, and its own settings, which override those of the sections."""

    label: str
    specialise: bool | None = None
    candidates: Annotated[Samples, Field(ge=0)] | None = None


class Params(Record):
    """Contents of params.yaml."""

    base: BaseConfig = BaseConfig()
    classes: dict[ClassKey, ClassParams]
    prepare: PrepareConfig
    synthesis: SynthesisConfig
    train_gan: TrainGanConfig = TrainGanConfig()
    generate: GenerateConfig = GenerateConfig()
    curate: CurateConfig = CurateConfig()
    cross_fit: CrossFitConfig = CrossFitConfig()
    mix: MixConfig = MixConfig()
    retrain: RetrainConfig = RetrainConfig()
    measure: MeasureConfig = MeasureConfig()
    report: ReportConfig = ReportConfig()
    export: ExportConfig = ExportConfig()
    publish: PublishConfig = PublishConfig()

    @field_validator("classes")
    @classmethod
    def _two_classes_of_one_label_each(cls, classes: dict[str, ClassParams]) -> dict[str, ClassParams]:
        if len(classes) < 2:
            raise ValueError(f"a classifier needs at least two classes, and {_COUNTS[len(classes)]} here")
        first: dict[str, str] = {}
        for key, value in classes.items():
            if (earlier := first.setdefault(value.label, key)) != key:
                raise ValueError(f"{earlier} and {key} have the same label {value.label!r:.60}: one class a label")
        return classes


def load_params(path: Path) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    MissingInputError
        The file does not exist.
    ParamsError
        It is not YAML, or holds a key twice, an unknown key or a wrong value; the message names each one.
    SetupError
        Its permissions forbid reading.
    """
    return as_params(read_document(path, NO_PARAMS, check=CHECK), path)


def as_params(document: Document, where: Path) -> Params:
    """Settings in a YAML document. Raises ParamsError with every mistake."""
    raw = document.value
    if not isinstance(raw, dict):
        raise ParamsError(
            "params.yaml holds no sections",
            where=where,
            got={type(None): "nothing", str: "text", list: "a list"}.get(type(raw), f"the value {shown(raw)}"),
            expected="a mapping of sections",
            remedy="run `gan-augment init PATH_TO_YOUR_DATA --force`, which keeps this file as params.yaml.bak",
        )
    params, mistakes = _validated(raw)
    mistakes = [*document.mistakes, *mistakes]
    if params is None or mistakes:
        raise ParamsError(
            f"params.yaml has {counted(mistakes)}",
            where=where,
            got=listed(mistakes),
            remedy=f"correct the keys above; `{CHECK}` reads the file again",
        )
    return params


def salvage(raw: dict[Any, Any]) -> tuple[Params, set[str]]:
    """Valid sections, with stand-ins for the rest; and the names of the wrong or missing ones."""
    right = {name: raw[name] for name in Params.model_fields if name in raw and _is_right(name, raw[name])}
    wrong = (raw.keys() & Params.model_fields.keys() | _STAND_INS.keys()) - right.keys()
    return Params.model_validate({**_STAND_INS, **right}), wrong


def _is_right(name: str, section: Any) -> bool:
    return _validated({**_STAND_INS, name: section})[0] is not None


def _validated(raw: dict[Any, Any]) -> tuple[Params | None, list[str]]:
    try:
        return Params.model_validate(raw), []
    except ValidationError as error:
        return None, explain_mistakes(error, Params)
