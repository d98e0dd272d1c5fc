"""Layout of a project on disk: params.yaml, and the paths of every stage. The paths are those of dvc.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_augment.core.atomic import read_json
from gan_augment.core.checksums import check_file
from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.masking import mask
from gan_augment.core.predictions import rival_of
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import (
    PoolView,
    Samples,
    TestInputs,
    TrainView,
    ValidationView,
    read_samples,
    roles_in,
)
from gan_augment.params import Params, load_params

__all__ = ["Layout", "Project", "read_measured", "read_plan"]


@dataclass(frozen=True)
class Layout:
    """Paths that stages read or write, relative to the project's root."""

    root: Path

    # prepare
    @property
    def dataset(self) -> Path:
        return self.root / "data/prepared/dataset.json"

    def train(self, key: str) -> Path:
        return self.root / "data/prepared/train" / key

    @property
    def validation(self) -> Path:
        return self.root / "data/prepared/validation"

    @property
    def pool(self) -> Path:  # only where `prepare.pool` is set; no stage after `curate` reads it
        return self.root / "data/prepared/pool"

    @property
    def test_inputs(self) -> Path:
        return self.root / "data/prepared/test_inputs"

    @property
    def test_labels(self) -> Path:  # only `measure` reads it
        return self.root / "data/prepared/test_labels.parquet"

    @property
    def audit(self) -> Path:
        return self.root / "reports/audit.json"

    # pretrain, train_gan, generate
    @property
    def pretrain(self) -> Path:
        return self.root / "models/pretrain"

    def train_gan(self, key: str) -> Path:
        return self.root / "models/train_gan" / key

    def training_curve(self, name: str) -> Path:  # "pretrain", or a class key
        return self.root / "reports/training" / f"{name}.csv"

    def synthetic(self, key: str) -> Path:
        return self.root / "data/synthetic" / key

    # curate
    @property
    def curated(self) -> Path:
        return self.root / "data/curated"

    @property
    def curate_report(self) -> Path:
        return self.root / "reports/curate.json"

    # cross_fit
    @property
    def cross_fit(self) -> Path:
        return self.root / "data/cross_fit"

    def fold(self, number: int) -> Layout:
        """Paths of a fold's own `prepare` to `curate`."""
        return Layout(self.cross_fit / str(number))

    # rivals
    @property
    def rivals(self) -> Path:
        return self.root / "data/rivals"

    # mix
    @property
    def mixed(self) -> Path:
        return self.root / "data/mixed"

    @property
    def mix_report(self) -> Path:
        return self.root / "reports/mix.json"

    @property
    def ratio_curve(self) -> Path:
        return self.root / "reports/ratio_curve.csv"

    # retrain, learning_curve, measure
    def predictions(self, arm: str) -> Path:  # a rival's lie in those of `cheap`, with which it was trained
        rival = rival_of(arm)
        return self.root / "predictions" / (arm if rival is None else f"cheap/rivals/{rival}")

    @property
    def learning_curve(self) -> Path:
        return self.root / "data/learning_curve"

    @property
    def measure_report(self) -> Path:
        return self.root / "reports/measure.json"

    @property
    def arms_table(self) -> Path:
        return self.root / "reports/arms.csv"

    # report, export
    @property
    def report(self) -> Path:
        return self.root / "reports/report.html"

    @property
    def export(self) -> Path:
        return self.root / "export"


@dataclass(frozen=True)
class Project:
    """Open project: params, layout, and readers for the files that stages share."""

    params: Params
    layout: Layout

    @classmethod
    def open(cls, root: Path) -> Project:
        """Open the project in `root`. Raises MissingInputError, ParamsError."""
        return cls(load_params(root / "params.yaml"), Layout(root))

    def spec(self) -> DatasetSpec:
        """Contents of dataset.json."""
        return DatasetSpec.load(self.layout.dataset)

    def licensed_spec(self) -> DatasetSpec:
        """Contents of dataset.json with the licence of `export.licence`, for files that leave the project."""
        spec, licence = self.spec(), self.params.export.licence
        return spec if licence is None else spec.model_copy(update={"licence": mask(licence)})

    def class_index(self, key: str) -> int:
        """Class index of a key given on the command line. Raises ParamsError with the known keys."""
        try:
            return self.spec().index_of(key)
        except KeyError:
            raise ParamsError(
                "There is no such class",
                where="the stage's argument",
                got=repr(key),
                expected=f"one of {', '.join(self.params.classes)}",
            ) from None

    def train_view(self, companions: Sequence[Role] = ()) -> TrainView:
        """Real train rows, class by class in the order of dataset.json."""
        spec = self.spec()
        parts = [read_samples(self.layout.train(c.key), companions=companions) for c in spec.classes]
        return TrainView(spec, Samples.concat(parts))

    def class_train_view(self, key: str, companions: Sequence[Role] = ()) -> TrainView:
        """Real train rows of a class."""
        return TrainView(self.spec(), read_samples(self.layout.train(key), companions=companions))

    def validation_view(self, companions: Sequence[Role] = ()) -> ValidationView:
        """Real validation rows."""
        return ValidationView(self.spec(), read_samples(self.layout.validation, companions=companions))

    def pool_view(self, companions: Sequence[Role] = ()) -> PoolView | None:
        """Rows that only synthesizers see; None where there is no pool, or none of its rows is left."""
        spec = self.spec()
        if spec.pool is None or not spec.pool.rows:
            return None
        return PoolView(spec, read_samples(self.layout.pool, companions=companions))

    def test_inputs(self) -> TestInputs:
        """Real test rows without labels. Raises LeakError where companions lie beside them."""
        folder = self.layout.test_inputs
        return TestInputs(self.spec(), read_samples(folder, companions=roles_in(folder)))


def read_plan(layout: Layout) -> dict[str, Any]:
    """Contents of plan.json, which `mix` wrote. Raises MissingInputError, DamagedInputError."""
    path = layout.mixed / "plan.json"
    check_file(path)
    plan: dict[str, Any] = read_json(path)
    return plan


_MEASURED = ("verdict", "use_synthetic", "sentence", "gain", "arms", "ratio", "seeds", "test_rows")
_GAIN = ("points", "low", "high", "confidence", "baseline_arm", "synthetic_arm")


def read_measured(layout: Layout) -> dict[str, Any]:
    """Results of `measure`. Raises MissingInputError where they are missing, or lack what the commands show."""
    found = read_json(layout.measure_report)
    if missing := _missing(found, _MEASURED) or [f"gain.{key}" for key in _missing(found["gain"], _GAIN)]:
        raise MissingInputError(
            "The measurement is damaged, or was written by another version",
            where=layout.measure_report,
            got=f"no {', '.join(missing)}",
            remedy="run `dvc repro --single-item --force measure`, which measures again and trains nothing",
        )
    whole: dict[str, Any] = found
    return whole


def _missing(found: Any, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if not isinstance(found, dict) or key not in found]
