"""Problems and remarks of a data set: collected while reading, so that all of them are reported at once."""

from __future__ import annotations

from typing import Literal

from gan_augment.core.errors import DataError
from gan_augment.core.records import Record

__all__ = ["Problem", "Severity", "as_problem", "listing", "raise_errors"]

Severity = Literal["error", "warning", "note"]
SHOWN = 20  # places shown on the terminal; reports/audit.json has all


class Problem(Record):
    """Finding about the data. `prepare` refuses data with an `error`; warnings and notes go to reports/audit.json.

    `code` is a fixed word where code depends on the finding: `unfit_column`, `unreadable_images`. `subject` is the
    column concerned, if it is about a column. `places` are the files, rows, columns or classes concerned, each with
    what was found there.
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
        """The finding as an exception."""
        return DataError(
            self.what,
            where=self.where,
            got=listing(self.places) or None,
            expected=self.expected,
            remedy=self.remedy,
        )


def as_problem(error: DataError) -> Problem:
    """Finding of severity `error` from an exception."""
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
    """Places, one per line, indented for an error message; the rest as a count."""
    lines = list(places[:shown])
    if len(places) > shown:
        lines.append(f"... and {len(places) - shown} more")
    return "\n            ".join(lines)


def raise_errors(problems: tuple[Problem, ...] | list[Problem]) -> None:
    """Raise one DataError with every problem of severity `error`; return where there is none."""
    errors = [problem.as_error() for problem in problems if problem.severity == "error"]
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    text = "\n\n".join(f"({number}) {error}" for number, error in enumerate(errors, start=1))
    raise DataError(f"The data has {len(errors)} problems\n{text}")
