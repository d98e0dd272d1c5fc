"""Account of every entry of a source: it became a sample, or was left out for a reason. The counts must add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gan_augment.data.problems import Problem, Severity

__all__ = ["LeftOut", "Reason", "check_account", "entry_figures", "left_out_problems"]


@dataclass(frozen=True)
class Reason:
    """Reason why entries are not samples.

    Attributes
    ----------
    text
        Completes "3 of 20 entries are left out: ".
    severity
        `error`: the data is refused, since an entry that should be a sample is not; `warning`: the user should
        know; `note`: entries that are never samples, such as files of the operating system: for reports/audit.json.
    """

    text: str
    severity: Severity = "warning"
    expected: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """Entry of a source that is not a sample; `found` describes its content where the reason does not."""

    place: str
    reason: Reason
    found: str = ""

    @property
    def described(self) -> str:
        """The place, and what was found there."""
        return f"{self.place}: {self.found}" if self.found else self.place


def check_account(entries: int, samples: int, left_out: Sequence[LeftOut]) -> None:
    """Raise AssertionError where entries were lost: a bug of the reader, which no user can fix."""
    if entries != samples + len(left_out):
        raise AssertionError(
            f"the reader counted {entries} entries, but {samples} became samples and {len(left_out)} were left out"
        )


def left_out_problems(where: str, entries: int, left_out: Iterable[LeftOut]) -> list[Problem]:
    """Findings, one per reason that a user should see, with every place."""
    of_reason: defaultdict[Reason, list[LeftOut]] = defaultdict(list)
    for entry in left_out:
        of_reason[entry.reason].append(entry)
    return [_problem(where, entries, reason, found) for reason, found in of_reason.items() if reason.severity != "note"]


def _problem(where: str, entries: int, reason: Reason, found: list[LeftOut]) -> Problem:
    verb = "cannot be used" if reason.severity == "error" else "is left out" if len(found) == 1 else "are left out"
    return Problem(
        severity=reason.severity,
        code="left_out",
        what=f"{len(found)} of {entries} entries {verb}: {reason.text}",
        where=where,
        places=tuple(entry.described for entry in found),
        expected=reason.expected,
        remedy=reason.remedy,
    )


def entry_figures(samples: int, left_out: Sequence[LeftOut]) -> dict[str, Any]:
    """JSON-able counts: the source's entries, those that became samples, and the others by reason."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for entry in left_out:
        places[entry.reason.text].append(entry.described)
    return {
        "found": samples + len(left_out),
        "samples": samples,
        "left_out": [{"reason": reason, "count": len(found), "places": found} for reason, found in places.items()],
    }
