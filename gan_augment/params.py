"""The shape of params.yaml: one section a stage or component; unknown keys are errors."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.records import Record
from gan_augment.core.validation import counted, explain_mistakes
from gan_augment.curation.config import CurateConfig
from gan_augment.data.config import PrepareConfig
from gan_augment.downstream.config import RetrainConfig
from gan_augment.gain.config import CrossFitConfig, MeasureConfig, MixConfig
from gan_augment.reporting.config import ReportConfig
from gan_augment.sharding.config import ExportConfig, PublishConfig
from gan_augment.synthesis.config import GenerateConfig, SynthesisConfig, TrainGanConfig

__all__ = ["BaseConfig", "ClassParams", "Params", "load_params"]


class BaseConfig(Record):
    """What every stage shares."""

    seed: int = Field(default=0, ge=0)
    device: str = Field(
        default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$", description="auto, cpu, cuda, cuda:1 or mps"
    )
    gpu_share: int = Field(default=1, ge=1, le=16, description="how many trainings may share a GPU; 1: none")


class ClassParams(Record):
    """One class: its label in the data, and settings of its own that override the sections' for this class."""

    label: str
    specialise: bool | None = None
    candidates: int | None = Field(default=None, ge=0)


class Params(Record):
    """params.yaml."""

    base: BaseConfig = BaseConfig()
    classes: dict[str, ClassParams]
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


def load_params(path: Path) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    MissingInputError
        There is no such file.
    ParamsError
        It is not YAML, or holds an unknown key or a wrong type; the message names each one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingInputError(
            "There is no params.yaml here",
            where=path.absolute(),
            remedy="run `gan-augment init PATH_TO_YOUR_DATA` here, or change to the project's folder",
        ) from None
    except UnicodeDecodeError as error:
        raise ParamsError(
            "params.yaml is not UTF-8",
            where=f"{path}, line {error.object[: error.start].count(10) + 1}",
            got=f"the byte {error.object[error.start]:#04x}",
            remedy="save the file as UTF-8 in your editor",
        ) from None
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ParamsError("params.yaml is not valid YAML", where=path, got=_yaml_mistake(error)) from None
    if not isinstance(raw, dict):
        raise ParamsError("params.yaml holds no sections", where=path, expected="a mapping of sections")
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        mistakes = explain_mistakes(error, Params)
        raise ParamsError(
            f"params.yaml has {counted(mistakes)}",
            where=path,
            got="\n            ".join(mistakes),
            remedy="correct the keys above; `gan-augment params check` reads the file again",
        ) from None


def _yaml_mistake(error: yaml.YAMLError) -> str:
    """`line 3, column 5: expected ..., but found ...`"""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', '')}"
