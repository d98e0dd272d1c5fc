"""Verdict of a gain and its interval: a word, and a sentence in plain English."""

from __future__ import annotations

from typing import Literal

from gan_augment.core.predictions import rival_of
from gan_augment.scoring.statistics import Interval

__all__ = ["ARM_NAMES", "Verdict", "arm_name", "decide", "explain"]

# "not tried": the classes that need synthetic rows got none; see `untried`.
Verdict = Literal["helps", "no measurable difference", "hurts", "not tried"]

ARM_NAMES: dict[str, str] = {
    "real": "real data",
    "real_classical": "real data with classical augmentation",
    "cheap": "real data with cheap balancing",
    "real_synthetic": "real and synthetic data",
    "real_classical_synthetic": "real and synthetic data with classical augmentation",
    "synthetic": "synthetic data",
    "linear_probe": "real data and a linear probe on pretrained features",
}


def arm_name(arm: str) -> str:
    """What an arm shows, in words."""
    rival = rival_of(arm)
    return ARM_NAMES[arm] if rival is None else f"real data and rows of the untrained rival {rival}"


def decide(gain: Interval, ratio: float, minimum_gain: float = 0.0) -> Verdict:
    """Verdict of `gain` and `minimum_gain` as shares (0.01 is a percentage point), and the validation's `ratio`.

    "helps" needs a ratio above 0 and the whole interval above `minimum_gain`; "hurts" the whole interval below 0.
    """
    if gain.high < 0:
        return "hurts"
    if ratio > 0 and gain.low > minimum_gain:
        return "helps"
    return "no measurable difference"


def explain(
    verdict: Verdict,
    gain: Interval,
    *,
    ratio: float,
    shown: float,
    baseline: str,
    confidence: float,
    headline: str = "balanced accuracy",
) -> str:
    """Sentences on the verdict, in percentage points of the `headline`.

    `ratio` and `shown` are mix's chosen and shown mixing ratio, `baseline` describes the arm compared with.
    """
    points, low, high = (_signed(value * 100) for value in (gain.mean, gain.low, gain.high))
    figures = f"{points} percentage points of {headline} ({confidence:.0%} interval {low} to {high})"
    against = f"over the best arm without it ({baseline})"
    if verdict == "helps":
        return f"Synthetic data helps: {figures} {against}."
    if verdict == "hurts":
        return f"Synthetic data hurts: {figures} {against}; leave it out."
    unused = "on validation no mixing ratio was worth its rows"
    if ratio == 0 and gain.low > 0:
        return (
            f"Not counted as help: {unused}, and a choice must not be made on test rows. There ratio {shown:g} gives "
            f"{figures} {against}; more validation rows, or cross_fit.folds, would let validation see it."
        )
    power = f"this test set shows a gain reliably only from about {gain.smallest_detectable * 100:.1f} points"
    sentence = f"No measurable difference: synthetic data gives {figures} {against}; {power}."
    if ratio == 0 and shown > 0:
        sentence += f" {unused.capitalize()}; the arms show ratio {shown:g} for comparison."
    return sentence


def _signed(points: float) -> str:
    """Number with one decimal; one that rounds to zero has no sign, since a plus would look like a gain."""
    return f"{points:+.1f}" if round(points, 1) else "0.0"
