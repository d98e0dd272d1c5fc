"""Companions on their way from the data to a method, and from its samples to the mixed set and the export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import yaml

import gan_augment
from gan_augment.core.fields import frame_of, take
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples, read_samples, roles_in, write_samples
from gan_augment.project.layout import Project
from gan_augment.project.training import checkpoint_path
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.content import Content
from gan_augment.sharding.export import ExportTask, export
from gan_augment.stages import cross_fit, curate, generate, mix, prepare, pretrain, train_gan
from gan_augment.synthesis import registry
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.checks import JointOnly

BOTH: tuple[Role, ...] = ("attributes", "mask")


@dataclass
class FittedTwin:
    """Real rows a little brighter, with what lies beside them."""

    name: ClassVar[str] = "twin"
    rows: Samples
    spec: DatasetSpec
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        return {}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        own = self.rows.of_class(self.spec.labels[request.index])
        for number in range(request.start, request.start + request.count):
            row = np.array([number % len(own)])
            pixels = np.clip(np.asarray(own.payload)[row].astype(int) + 9 + number, 0, 255).astype(np.uint8)
            beside = {role: take(values, row) for role, values in own.companions.items()}
            yield Synthetic(pixels, (str(own.manifest["id"][row[0]]),), companions=beside)

    def save(self, directory: Path) -> None:
        (directory / "rows").mkdir()
        write_samples(directory / "rows", self.rows)


class Twin(JointOnly):
    """Takes masks and attributes, and gives both."""

    name: ClassVar[str] = "twin"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        trainable=False,
        needs=frozenset({"mask"}),
        uses=frozenset({"attributes", "voxels"}),
        emits=frozenset(BOTH),
    )
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def fit(self, data: TrainingData, config: MethodConfig, run: Run) -> FittedTwin:
        assert data.validation is not None
        assert set(data.train.samples.companions) == set(data.validation.samples.companions) == set(BOTH)
        return FittedTwin(data.train.samples, data.train.spec)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedTwin:
        return FittedTwin(read_samples(directory / "rows", companions=BOTH), spec)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setitem(registry.BUILT_IN, "twin", f"{__name__}:Twin")
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, count in (("train", 40), ("val", 20), ("test", 20)):
        labels = np.arange(count) % 2
        images = random.integers(0, 120, (count, 8, 8, 3), np.uint8)
        images[labels == 1, :, 4:] += 100
        arrays |= {f"{part}_images": images, f"{part}_labels": labels, f"{part}_masks": images[..., 0] // 2}
        arrays[f"{part}_hair"] = np.array(["red", "black"])[np.arange(count) // 2 % 2]
    np.savez(tmp_path / "data.npz", **arrays)
    params = {
        "classes": {"a": {"label": "0"}, "b": {"label": "1"}},
        "prepare": {
            "source": {"kind": "npz", "path": "data.npz"},
            "companions": {"mask": {"array": "masks"}, "attributes": {"columns": ["hair"]}},
        },
        "synthesis": {"method": "twin"},
        "generate": {"candidates": 30},
        "curate": {
            **{name: {"enabled": False} for name in ("copies", "duplicates", "judge")},
            "judged_by": {"members": 1, "steps": 5},
            "train_on_synthetic_seeds": 0,
            "weaknesses": {"checks": []},
        },
        "mix": {"ratios": [1], "seeds": 2},
        "retrain": {"classifier": {"kind": "logistic_regression"}, "second_opinion": "none"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    return Project.open(tmp_path)


def check(samples: Samples, real: Samples) -> None:
    """What lies beside a sample is what lies beside its parent."""
    place = {str(name): number for number, name in enumerate(real.manifest["id"])}
    rows = np.array([place[parent] for parent in samples.manifest["parents"]])
    assert len(rows)
    assert (np.asarray(samples.companions["mask"]) == np.asarray(real.companions["mask"])[rows]).all()
    want = frame_of(real.companions["attributes"])["hair"].iloc[rows]
    assert list(frame_of(samples.companions["attributes"])["hair"]) == list(want)


def test_companions_of_synthetic_rows_arrive_in_the_mixed_set_and_in_the_export(project: Project) -> None:
    layout = project.layout
    prepare.run(project)
    pretrain.run(project)
    for key in ("a", "b"):
        train_gan.run(project, key)
        generate.run(project, key)
    curate.run(project)
    mix.run(project)
    real = project.train_view(BOTH).samples
    folders = [layout.synthetic("a"), layout.synthetic("b"), layout.curated]
    folders += [layout.mixed / name for name in ("synthetic", "alone")]
    for folder in folders:
        assert set(roles_in(folder)) == set(BOTH), folder
        samples = read_samples(folder, companions=BOTH)
        if len(samples):
            check(samples, real)
    assert len(read_samples(layout.mixed / "alone"))
    counts = {"a": 3, "b": 4}
    content = Content(counts=counts, ratio=1.0, basis="forced", verdict="-", sentence="-", reason="-")
    folders = [layout.train("a"), layout.train("b")]
    config = ExportConfig(formats=("webdataset",), rows_per_shard=20)
    export(ExportTask(project.spec(), tuple(folders), layout.mixed / "alone", content, config, 0), layout.export)
    found = gan_augment.load(layout.export, "numpy", companions=list(BOTH))
    assert len(found.companions["mask"]) == len(found.x) == 47
    assert isinstance(found.companions["attributes"], pd.DataFrame)
    expected = np.concatenate([np.asarray(real.payload), np.asarray(read_samples(layout.mixed / "alone").payload)])
    assert set(map(bytes, found.x[~found.synthetic])) <= set(map(bytes, expected))
    by_pixels = dict(zip(map(bytes, np.asarray(real.payload)), np.asarray(real.companions["mask"]), strict=True))
    for pixels, mask in zip(found.x[~found.synthetic], found.companions["mask"][~found.synthetic], strict=True):
        assert (mask == by_pixels[bytes(pixels)]).all()


def test_folds_have_them(project: Project) -> None:
    prepare.run(project)
    everything = {str(name): mask for view in (project.train_view(BOTH), project.validation_view(BOTH))
                  for name, mask in zip(view.samples.manifest["id"], np.asarray(view.samples.companions["mask"]),
                                        strict=True)}  # fmt: skip
    folds = project.params.cross_fit.model_copy(update={"folds": 2})
    asked = Project(project.params.model_copy(update={"cross_fit": folds}), project.layout)
    for fold in cross_fit.make_folds(asked):
        for view in (fold.project.train_view(BOTH), fold.project.validation_view(BOTH)):
            for name, mask in zip(
                view.samples.manifest["id"], np.asarray(view.samples.companions["mask"]), strict=True
            ):
                assert (mask == everything[str(name)]).all()


def test_other_companions_are_another_training(project: Project) -> None:
    prepare.run(project)
    before = checkpoint_path(project, "pretrain")
    folder = project.layout.train("a")
    samples = read_samples(folder, companions=BOTH)
    changed = samples.companions | {"mask": 255 - np.asarray(samples.companions["mask"])}
    write_samples(folder, Samples(samples.manifest, samples.payload, changed))
    assert checkpoint_path(project, "pretrain") != before
