"""Where every entry of a source went: into a sample, or left out for a reason. The counts must add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gan_augment.data.problems import Problem, Severity

__all__ = ["LeftOut", "Reason", "check_account", "entry_figures", "left_out_problems"]


@dataclass(frozen=True)
class Reason:
    """Why entries are no samples.

    Attributes
    ----------
    text
        Completes "3 of 20 entries are left out: ".
    severity
        `error`: the data is refused, as something that should have been a sample is none; `warning`: the user should
        know; `note`: what is never a sample, such as the files of an operating system: reports/audit.json has it.
    """

    text: str
    severity: Severity = "warning"
    expected: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """An entry of a source that is no sample; `found` says what is there, where the reason does not."""

    place: str
    reason: Reason
    found: str = ""

    @property
    def told(self) -> str:
        """The place and what was found there."""
        return f"{self.place}: {self.found}" if self.found else self.place


def check_account(entries: int, samples: int, left_out: Sequence[LeftOut]) -> None:
    """Raise AssertionError where entries were lost: a fault of the reader, which no user can mend."""
    if entries != samples + len(left_out):
        raise AssertionError(
            f"the reader counted {entries} entries, but {samples} became samples and {len(left_out)} were left out"
        )


def left_out_problems(where: str, entries: int, left_out: Iterable[LeftOut]) -> list[Problem]:
    """One finding for each reason that a user should know, with every place."""
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
        places=tuple(entry.told for entry in found),
        expected=reason.expected,
        remedy=reason.remedy,
    )


def entry_figures(samples: int, left_out: Sequence[LeftOut]) -> dict[str, Any]:
    """JSON-able: how many entries the source has, how many became samples, and the others by their reason."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for entry in left_out:
        places[entry.reason.text].append(entry.told)
    return {
        "found": samples + len(left_out),
        "samples": samples,
        "left_out": [{"reason": reason, "count": len(found), "places": found} for reason, found in places.items()],
    }
