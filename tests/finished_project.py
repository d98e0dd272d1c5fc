"""Writes a small project in which every stage before `report` and `export` has run, with invented but coherent figures.

The shapes are those that the stages write; the names of the classes are chosen to break whatever does not escape.
"""

from __future__ import annotations

import dataclasses
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from gan_augment.core.atomic import write_json
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, Modality, TableSpec
from gan_augment.core.samples import Payload, Samples, make_manifest, write_samples
from gan_augment.project.layout import Layout, Project

__all__ = ["NASTY_LABELS", "Recipe", "write_project"]

NASTY_LABELS = ("<script>alert(1)</script>", "猫 / cat", "a|b, \"c\" & 'd'")
_KEYS = ("script", "cat", "a-b")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to write. `real` are the real train rows of each class, in the order of the keys."""

    modality: Modality = "image"
    labels: tuple[str, ...] = NASTY_LABELS
    keys: tuple[str, ...] = _KEYS
    real: tuple[int, ...] = (12, 8, 4)
    size: int | tuple[int, int] = 12  # of images: a side, or height and width
    channels: int = 1
    ratio: float = 2.0
    shown_ratio: float = 2.0
    verdict: str = "helps"
    gain: tuple[float, float, float] = (4.2, 1.1, 7.3)
    optional: bool = True  # False: leave out every figure that a stage may leave out
    seed: int = 0

    @property
    def height_and_width(self) -> tuple[int, int]:
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def wanted(self, ratio: float) -> dict[str, int]:
        """Synthetic rows a class at a mixing ratio."""
        most = max(self.real)
        return {k: max(0, round(ratio * most) - n) if ratio else 0 for k, n in zip(self.keys, self.real, strict=True)}


def write_project(root: Path, recipe: Recipe | None = None, **changes: Any) -> Project:
    """Write the project below `root` and open it; `changes` replace fields of the recipe."""
    shutil.copytree(_written(dataclasses.replace(recipe or Recipe(), **changes)), root, dirs_exist_ok=True)
    return Project.open(root)


_FOLDER = tempfile.TemporaryDirectory(prefix="finished-projects-")  # it goes with the process


@functools.cache
def _written(recipe: Recipe) -> Path:
    """The project of a recipe, to be copied: hundreds of tests want the same few."""
    root = Path(tempfile.mkdtemp(dir=_FOLDER.name))
    _write_all(root, recipe)
    return root


def _write_all(root: Path, recipe: Recipe) -> None:
    rng = np.random.default_rng(recipe.seed)
    layout = Layout(root)
    _write_params(root, recipe)
    spec = _spec(recipe)
    for folder in (layout.dataset.parent, layout.mixed, layout.curated, root / "reports/training"):
        folder.mkdir(parents=True, exist_ok=True)
    spec.save(layout.dataset)
    _write_parts(layout, recipe, rng)
    accepted = _write_curated(layout, recipe, rng)
    _write_mixed(layout, recipe, accepted)
    _write_models(layout, recipe, rng)
    _write_reports(layout, recipe, rng)


def _write_params(root: Path, recipe: Recipe) -> None:
    root.mkdir(parents=True, exist_ok=True)
    source = {"kind": "demo", "name": "digits" if recipe.modality == "image" else "penguins"}
    params = {
        "base": {"seed": 3},
        "classes": {key: {"label": label} for key, label in zip(recipe.keys, recipe.labels, strict=True)},
        "prepare": {"source": source},
        "synthesis": {"method": "conditional"},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")


def _spec(recipe: Recipe) -> DatasetSpec:
    classes = tuple(ClassRecord(key=k, label=v) for k, v in zip(recipe.keys, recipe.labels, strict=True))
    common: dict[str, Any] = {"name": "toy <shapes>", "modality": recipe.modality, "classes": classes}
    common["licence"] = "CC0 | as the <owner> said"
    if recipe.modality == "image":
        height, width = recipe.height_and_width
        return DatasetSpec(**common, image=ImageSpec(height=height, width=width, channels=recipe.channels))
    columns = (
        Column(name="length", kind="numeric", dtype="float64", decimals=1),
        Column(name="count", kind="numeric", dtype="Int64", integer=True),
        Column(name="island, <b>", kind="categorical", dtype="string"),
        Column(name="id", kind="categorical", dtype="category"),
        Column(name="wet", kind="boolean", dtype="boolean"),
        Column(name="seen", kind="datetime", dtype="datetime64[ns]"),
    )
    return DatasetSpec(**common, table=TableSpec(columns=columns, target="species"))


def _payload(recipe: Recipe, index: int, count: int, rng: np.random.Generator, noise: float = 0.0) -> Payload:
    return _images(recipe, index, count, rng, noise) if recipe.modality == "image" else _rows(index, count, rng, noise)


def _images(recipe: Recipe, index: int, count: int, rng: np.random.Generator, noise: float) -> npt.NDArray[np.uint8]:
    """A disc, a bar or a cross, somewhere near the middle."""
    height, width = recipe.height_and_width
    y, x = np.mgrid[:height, :width] / np.reshape([height, width], (2, 1, 1)) - 0.5
    pictures = np.empty((count, height, width, recipe.channels))
    for picture in pictures:
        dx, dy = x - rng.uniform(-0.12, 0.12), y - rng.uniform(-0.12, 0.12)
        shapes = (np.hypot(dx, dy), np.abs(dx) * 1.6, np.minimum(np.abs(dx + dy), np.abs(dx - dy)) * 1.4)
        bright = 1 / (1 + np.exp((shapes[index % 3] - 0.22) * 30))
        tint = np.roll([1.0, 0.75, 0.5], index)[: recipe.channels] if recipe.channels == 3 else np.ones(1)
        picture[:] = bright[:, :, None] * tint
    pictures += rng.normal(0, 0.03 + noise, pictures.shape)
    return (np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def _rows(index: int, count: int, rng: np.random.Generator, noise: float) -> pd.DataFrame:
    length = np.round(rng.normal(40 + 4 * index, 3 + noise * 10, count), 1)
    length[rng.random(count) < 0.1] = np.nan
    words = np.array(["Biscoe", 'Dream, "quoted"', "", "Ñandú\nline"], dtype=object)
    return pd.DataFrame(
        {
            "length": length,
            "count": pd.array([None if v < 0 else int(v) for v in rng.integers(-1, 9, count)], dtype="Int64"),
            "island, <b>": pd.array([None if v < 0 else words[v] for v in rng.integers(-1, 4, count)], dtype="string"),
            "id": pd.Categorical.from_codes(
                rng.integers(-1, 2, count), categories=["low", "mid", "high"], ordered=True
            ),
            "wet": pd.array([None if v < 0 else bool(v) for v in rng.integers(-1, 2, count)], dtype="boolean"),
            "seen": pd.to_datetime(rng.integers(0, 10**15, count) * 1000).astype("datetime64[ns]"),
        }
    )


def _real(recipe: Recipe, index: int, count: int, split: str, rng: np.random.Generator) -> Samples:
    key = recipe.keys[index]
    manifest = make_manifest(
        count,
        id=[f"real-{split}-{key}-{n}" for n in range(count)],
        label=recipe.labels[index],
        split=split,
        origin="real",
        group=[f"{split}-{key}-{n}" for n in range(count)],
        source=[f"raw/{key} {n}.png" for n in range(count)],
    )
    return Samples(manifest, _payload(recipe, index, count, rng))


def _synthetic(recipe: Recipe, index: int, count: int, rng: np.random.Generator) -> Samples:
    key = recipe.keys[index]
    manifest = make_manifest(
        count,
        id=[f"conditional/{key}-7-{n}" for n in range(count)],
        label=recipe.labels[index],
        split="train",
        origin="synthetic",
        group=[f"conditional/{key}-7-{n}" for n in range(count)],
        method="conditional",
        model_hash=f"{index:x}" * 64,
        seed=7 + index,
    )
    return Samples(manifest, _payload(recipe, index, count, rng, noise=0.05))


def _save(folder: Path, samples: Samples) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_samples(folder, samples)


def _write_parts(layout: Layout, recipe: Recipe, rng: np.random.Generator) -> None:
    classes = range(len(recipe.keys))
    for index in classes:
        _save(layout.train(recipe.keys[index]), _real(recipe, index, recipe.real[index], "train", rng))
    _save(layout.validation, Samples.concat([_real(recipe, i, 5, "validation", rng) for i in classes]))
    test = Samples.concat([_real(recipe, i, 6, "test", rng) for i in classes])
    test.manifest[["id", "label"]].to_parquet(layout.test_labels, index=False)
    _save(
        layout.test_inputs, Samples(test.manifest.assign(label=pd.array([pd.NA] * len(test), "string")), test.payload)
    )


def _write_curated(layout: Layout, recipe: Recipe, rng: np.random.Generator) -> list[Samples]:
    accepted, scores = [], []
    for index, key in enumerate(recipe.keys):
        candidates = _synthetic(recipe, index, 3 * max(recipe.real), rng)
        reason = rng.choice(["", "", "", "", "judge", "copy", "duplicate"], len(candidates))
        reason[: max(recipe.wanted(recipe.shown_ratio).values()) + 2] = ""
        probability = np.where(reason == "judge", 0.2, 0.95) + rng.uniform(-0.04, 0.04, len(candidates))
        nearest = [f"real-train-{key}-{n}" for n in rng.integers(0, recipe.real[index], len(candidates))]
        scores.append(
            pd.DataFrame(
                {
                    "id": candidates.manifest["id"],
                    "label": candidates.manifest["label"],
                    "accepted": reason == "",
                    "rejected_by": reason,
                    "judge_probability": probability,
                    "copy_distance": np.where(reason == "copy", 0.1, 1.1),
                    "nearest": nearest,
                }
            )
        )
        _save(layout.synthetic(key), candidates)
        accepted.append(candidates.take(np.flatnonzero(reason == "")))
    _save(layout.curated, Samples.concat(accepted))
    pd.concat(scores, ignore_index=True).to_parquet(layout.curated / "scores.parquet", index=False)
    return accepted


def _write_mixed(layout: Layout, recipe: Recipe, accepted: list[Samples]) -> None:
    shown = recipe.wanted(recipe.shown_ratio)
    plan = {
        "ratio": recipe.ratio,
        "shown_ratio": recipe.shown_ratio,
        "counts": recipe.wanted(recipe.ratio),
        "shown_counts": shown,
        "rule": "a ratio above 0 needs a gain on validation that exceeds its standard error",
    }
    write_json(layout.mixed / "plan.json", plan)
    parts = [samples.take(slice(0, shown[key])) for key, samples in zip(recipe.keys, accepted, strict=True)]
    _save(layout.mixed / "synthetic", Samples.concat(parts))


def _write_models(layout: Layout, recipe: Recipe, rng: np.random.Generator) -> None:
    for index, key in enumerate(recipe.keys):
        served, decision = [("specialised", "accepted"), ("joint", "refused"), ("joint", "not tried")][index % 3]
        layout.train_gan(key).mkdir(parents=True, exist_ok=True)
        record = {
            "served": served,
            "decision": decision,
            "joint": {"kid": 0.021, "cas": 0.91},
            "specialised": {"kid": 0.017, "cas": 0.93} if decision != "not tried" else None,
            "reason": f"KID {'fell' if decision == 'accepted' else 'did not fall'} on validation",
            "method": "conditional",
            "model_hash": f"{index:x}" * 64,
        }
        write_json(layout.train_gan(key) / "served.json", record)
    for name in ("pretrain", *recipe.keys):
        kimg = np.arange(1, 21) * 5.0
        curve = pd.DataFrame({"kimg": kimg, "kid": 0.3 / kimg + rng.uniform(0, 0.004, 20)})
        if recipe.optional:
            curve["discriminator_train"] = 0.8 - 0.1 * np.tanh(kimg / 50)
            curve["discriminator_held_out"] = 0.72 - 0.1 * np.tanh(kimg / 50)
            curve["loss_generator"] = 0.2 + 0.1 * np.tanh(kimg / 50)
        curve.to_csv(layout.training_curve(name), index=False)


def _quality(recipe: Recipe, candidates: int, accepted: int) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "candidates": candidates,
        "accepted": accepted,
        "rejected": {"judge": candidates - accepted, "copy": 0, "duplicate": 0},
        "label_agreement": 0.96,
    }
    if recipe.optional:
        figures |= {"precision": 0.83, "recall": 0.71, "density": 0.94, "coverage": 0.78, "kid": 0.012}
        figures |= {"copy_ratio": 1.08, "copy_pvalue": 0.41}
    return figures


def _write_reports(layout: Layout, recipe: Recipe, rng: np.random.Generator) -> None:
    scores = pd.read_parquet(layout.curated / "scores.parquet")
    by_label = scores.groupby("label")["accepted"].agg(["size", "sum"])
    classes = {
        key: _quality(recipe, int(by_label.loc[label, "size"]), int(by_label.loc[label, "sum"]))
        for key, label in zip(recipe.keys, recipe.labels, strict=True)
    }
    overall = _quality(recipe, len(scores), int(scores["accepted"].sum()))
    curate: dict[str, Any] = {"classes": classes, "overall": overall, "tstr": {"real": 0.93, "synthetic": 0.9}}
    if recipe.optional:
        light = {"colour": "amber", "sentence": "7% have other numbers of holes <b>", "figures": {}}
        curate |= {"weaknesses": {"counting": light}, "privacy": ["No privacy is promised <b>."]}
    write_json(layout.curate_report, curate | {"feature_space": "own CNN features"})
    write_json(layout.audit, {"rows": 60, "problems": []} if recipe.optional else {})
    write_json(layout.mix_report, {"ratio": recipe.ratio, "shown_ratio": recipe.shown_ratio})
    ratios = pd.DataFrame({"ratio": [0.0, 0.5, 1.0, 2.0, 3.0], "balanced_accuracy": [0.85, 0.86, 0.88, 0.9, 0.89]})
    ratios["standard_error"] = 0.008
    ratios.to_csv(layout.ratio_curve, index=False)
    measure = _measure(recipe, rng)
    write_json(layout.measure_report, measure)
    flat = [{"arm": a["arm"], "balanced_accuracy": a["balanced_accuracy"]["mean"]} for a in measure["arms"]]
    pd.DataFrame(flat).to_csv(layout.arms_table, index=False)


def _interval(mean: float) -> dict[str, float]:
    return {"mean": round(mean, 4), "low": round(mean - 0.02, 4), "high": round(mean + 0.02, 4)}


def _measure(recipe: Recipe, rng: np.random.Generator) -> dict[str, Any]:
    arms = []
    names = ("real", "real_classical", "cheap", "real_synthetic", "real_classical_synthetic", "synthetic")
    for arm, mean in zip(names, (0.84, 0.87, 0.86, 0.89, 0.912, 0.83), strict=True):
        record: dict[str, Any] = {"arm": arm, "variant": "balanced", "rows_real": sum(recipe.real)}
        record["rows_synthetic"] = 0 if "synthetic" not in arm else sum(recipe.wanted(recipe.shown_ratio).values())
        for shift, metric in enumerate(("balanced_accuracy", "accuracy", "macro_f1", "worst_class_recall")):
            record[metric] = _interval(mean - 0.02 * shift)
        record["rare_class_recall"] = _interval(mean - 0.1)
        record["rare_class_precision"] = _interval(mean + 0.02)
        record["log_loss"] = _interval(1 - mean)
        if recipe.optional:
            record["average_precision"] = _interval(mean + 0.03)
        record["per_class_recall"] = {key: round(float(mean + rng.uniform(-0.1, 0.08)), 4) for key in recipe.keys}
        arms.append(record)
    mean, low, high = recipe.gain
    extra: dict[str, Any] = {}
    if recipe.optional:
        figures = {"mean": 2.5, "low": -0.4, "high": 5.1}
        extra["notes"] = ["The gain is no longer certain once both arms may move their thresholds <b>."]
        extra["threshold_free"] = {"balanced_accuracy_after_tuning": figures, "average_precision": figures}
        second = {"classifier": "random_forest", "verdict": "helps", "points": 3.3, "low": 0.9, "high": 5.8}
        extra["worth"] = {"kind": "about", "sentence": "These synthetic rows are worth about 9 more real rows <b>."}
        found = {
            "baseline": _interval(0.8),
            "synthetic": _interval(0.83),
            "gain": {"mean": 3.0, "low": -1.0, "high": 7.0},
        }
        groups = [{"value": "north <b>", "test_rows": 40} | found, {"value": "south", "test_rows": 3}]
        extra["groups"] = {"hospital <i>": {"groups": groups, "worst": found}}
        extra |= {"second_opinion": second, "skipped": {"extra_arm": "it had no row <i>"}}
    return extra | {
        "verdict": recipe.verdict,
        "use_synthetic": recipe.verdict == "helps" and recipe.ratio > 0,
        "sentence": f"Synthetic data: {recipe.verdict} ({mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}).",
        "gain": {
            "points": mean,
            "low": low,
            "high": high,
            "confidence": 0.95,
            "metric": "balanced_accuracy",
            "baseline_arm": "real_classical",
            "synthetic_arm": "real_classical_synthetic",
            "baseline_variant": "balanced",
            "synthetic_variant": "balanced, tau 0.5",
            "baseline_adjustment": {"tau": 0.0, "log_prior": dict.fromkeys(recipe.keys, 0.0)},
            "synthetic_adjustment": {
                "tau": 0.5,
                "log_prior": {
                    key: float(np.log(n / sum(recipe.real))) for key, n in zip(recipe.keys, recipe.real, strict=True)
                },
            },
            "smallest_detectable": 3.1,
            "covers": "classifier seeds and test rows, not the retraining of the GAN",
        },
        "arms": arms,
        "per_class": [
            {
                "key": key,
                "label": label,
                "gain": 5.0 * (i - 0.6),
                "low": 5.0 * (i - 0.6) - 3,
                "high": 5.0 * (i - 0.6) + 4,
            }
            for i, (key, label) in enumerate(zip(recipe.keys, recipe.labels, strict=True))
        ],
        "ratio": recipe.ratio,
        "seeds": 5,
        "test_rows": 6 * len(recipe.keys),
        "comparisons": 1,
    }
