"""What is wrong, or worth saying, about a data set: collected while reading, so that all of it is said at once."""

from __future__ import annotations

from typing import Literal

from gan_augment.core.errors import DataError
from gan_augment.core.records import Record

__all__ = ["Problem", "Severity", "as_problem", "listing", "raise_errors"]

Severity = Literal["error", "warning", "note"]
SHOWN = 20  # places named on the terminal; reports/audit.json has all


class Problem(Record):
    """One finding. `prepare` refuses data with an `error`; warnings and notes go to reports/audit.json.

    `code` is a fixed word where a program acts on the finding: `unfit_column`, `unreadable_images`. `subject` is the
    column it is about, if it is about one. `places` are the files, rows, columns or classes
    concerned, each with what was found there.
    """

    severity: Severity
    code: str = ""
    what: str
    where: str | None = None
    subject: str | None = None
    places: tuple[str, ...] = ()
    expected: str | None = None
    remedy: str | None = None

    def as_error(self) -> DataError:
        """The same as an exception."""
        return DataError(
            self.what,
            where=self.where,
            got=listing(self.places) or None,
            expected=self.expected,
            remedy=self.remedy,
        )


def as_problem(error: DataError) -> Problem:
    """An exception as a finding of severity `error`."""
    places = () if error.got is None else tuple(line.strip() for line in error.got.splitlines())
    return Problem(
        severity="error",
        what=error.problem,
        where=error.where,
        places=places,
        expected=error.expected,
        remedy=error.remedy,
    )


def listing(places: tuple[str, ...] | list[str], shown: int = SHOWN) -> str:
    """The places one a line, indented to stand in an error message; the rest as a count."""
    lines = list(places[:shown])
    if len(places) > shown:
        lines.append(f"... and {len(places) - shown} more")
    return "\n            ".join(lines)


def raise_errors(problems: tuple[Problem, ...] | list[Problem]) -> None:
    """Raise one DataError that holds every problem of severity `error`; return where there is none."""
    errors = [problem.as_error() for problem in problems if problem.severity == "error"]
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    text = "\n\n".join(f"({number}) {error}" for number, error in enumerate(errors, start=1))
    raise DataError(f"The data has {len(errors)} problems\n{text}")
