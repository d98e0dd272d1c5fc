"""Content of an export: always every real train row, and synthetic rows only where the measurement supports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from gan_augment.core.records import Record

__all__ = ["Content", "LogitAdjustment", "decide_content"]


class LogitAdjustment(Record):
    """Adjustment subtracted from the measured classifier's logits: `tau` x `log_prior` (class key -> value).

    `arm` and `variant` name that classifier. Without a tau nothing is subtracted.
    """

    arm: str
    variant: str
    tau: float
    log_prior: dict[str, float]


class Content(Record):
    """Decision, and the sentence that explains it in the card, the index and on the terminal.

    Attributes
    ----------
    counts
        Synthetic rows to export, class key -> rows.
    ratio
        The mixing ratio these counts come from; 0 where no synthetic row is exported.
    basis
        `measured`: the measurement supports the synthetic rows. `real_only`: it does not, and none is exported.
        `forced`: it does not, but `export.force` is set.
    adjustment
        For the arm with these rows, so that a consumer can reproduce the measurement; None for an older measurement.
    before
        Remarks of the measurement before its verdict: a better classifier, classes without synthetic rows.
    worth
        The worth of the synthetic rows in real rows, in a sentence.
    """

    counts: dict[str, int]
    ratio: float
    basis: Literal["measured", "real_only", "forced"]
    verdict: str
    sentence: str
    reason: str
    adjustment: LogitAdjustment | None = None
    before: tuple[str, ...] = ()
    worth: str | None = None


def decide_content(plan: Mapping[str, Any], measure: Mapping[str, Any], *, force: bool) -> Content:
    """Content by mix's plan.json and measure's measure.json."""
    said = _said(measure)
    chosen = float(plan["ratio"])
    # A baseline with the rows of a rival is no arm of what is exported; then the best one of real rows alone is told.
    real = "real" if "real_arm" in (measure.get("gain") or {}) else "baseline"
    with_rows, without = (_adjustment(measure, side) for side in ("synthetic", real))
    if measure["use_synthetic"] and chosen > 0:
        reason = f"The synthetic rows of mixing ratio {chosen:g} are included: the measurement speaks for them."
        return Content(
            counts=plan["counts"], ratio=chosen, basis="measured", reason=reason, adjustment=with_rows, **said
        )
    why = "no synthetic row at all did best on validation" if chosen == 0 else f"the verdict is: {measure['verdict']}"
    if not force:
        reason = f"Real rows only: {why}. `export.force: true` exports the synthetic rows all the same."
        return Content(counts={}, ratio=0.0, basis="real_only", reason=reason, adjustment=without, **said)
    shown = float(plan["shown_ratio"])
    reason = (
        f"The synthetic rows of mixing ratio {shown:g} are included because `export.force` is set, "
        f"against the measurement ({why}). Do not expect a gain from them."
    )
    return Content(
        counts=plan["shown_counts"], ratio=shown, basis="forced", reason=reason, adjustment=with_rows, **said
    )


def _said(measure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "verdict": str(measure["verdict"]),
        "sentence": str(measure["sentence"]),
        "before": tuple(measure.get("before") or ()),
        "worth": (measure.get("worth") or {}).get("sentence"),
    }


def _adjustment(measure: Mapping[str, Any], side: str) -> LogitAdjustment | None:
    gain = measure.get("gain") or {}
    if f"{side}_adjustment" not in gain:
        return None
    return LogitAdjustment(arm=gain[f"{side}_arm"], variant=gain[f"{side}_variant"], **gain[f"{side}_adjustment"])
