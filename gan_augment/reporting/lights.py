"""Quality and memorisation figures as lights, each with what it means. The words say what the colours say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gan_augment.reporting.scales import number, percent

__all__ = ["GUIDE", "Light", "lights"]

State = Literal["good", "watch", "poor", "unknown"]


@dataclass(frozen=True)
class Gauge:
    """How one figure is read: its name, what it means, and the limits between good, watch and poor.

    `beside`: what held-out real rows reach; the limits are then of the figure's share in that.
    """

    key: str
    name: str
    meaning: str
    good: float
    watch: float
    higher_is_better: bool
    show: Callable[[float], str]
    beside: str = ""

    def state(self, value: float | None) -> State:
        """The light for a value; unknown for none."""
        if value is None:
            return "unknown"
        sign = 1 if self.higher_is_better else -1
        if sign * value >= sign * self.good:
            return "good"
        return "watch" if sign * value >= sign * self.watch else "poor"


@dataclass(frozen=True)
class Light:
    """One light of one class."""

    name: str
    value: str
    state: State
    meaning: str


GUIDE: tuple[Gauge, ...] = (
    Gauge(
        "label_agreement",
        "Right class",
        "Share of candidates that a judge, trained on real rows only, takes for the class they were made for, against"
        " the share of held-out real rows that it knows. Where classes overlap it knows few of either.",
        0.9, 0.75, True, percent, "judge_recall",
    ),
    Gauge(
        "precision",
        "Looks real",
        "Precision: share of synthetic rows that lie where real held-out rows lie.",
        0.6, 0.4, True, percent,
    ),
    Gauge(
        "coverage",
        "Covers the variety",
        "Coverage: share of real held-out rows that have a synthetic row close by. Low: the generator repeats itself.",
        0.6, 0.4, True, percent,
    ),
    Gauge(
        "copy_ratio",
        "Not copied",
        "How far synthetic rows keep from train rows, against how far held-out rows do. 1: as far. Well below 1: the"
        " generator repeats train rows, which teaches nothing new and may give away private data.",
        0.85, 0.65, True, number,
    ),
    Gauge(
        "copied",
        "Copies thrown away",
        "Share of candidates that were rejected as copies of a train row.",
        0.02, 0.1, False, percent,
    ),
)  # fmt: skip


def lights(figures: Mapping[str, Any]) -> list[Light]:
    """The lights of one class (or of all) from its part of curate.json."""
    known = {**figures, "copied": _copied(figures)}
    return [_light(gauge, known.get(gauge.key), known.get(gauge.beside)) for gauge in GUIDE]


def _light(gauge: Gauge, value: float | None, real: float | None) -> Light:
    shown = "not measured" if value is None else gauge.show(value)
    if value is None or not real:
        return Light(gauge.name, shown, gauge.state(value), gauge.meaning)
    return Light(gauge.name, f"{shown} (real: {gauge.show(real)})", gauge.state(value / real), gauge.meaning)


def _copied(figures: Mapping[str, Any]) -> float | None:
    rejected, candidates = figures.get("rejected") or {}, figures.get("candidates")
    return float(rejected["copy"]) / candidates if candidates and "copy" in rejected else None
