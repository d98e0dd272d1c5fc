"""Privacy notes: warnings in words, from the copy test and the distances to the closest record."""

from __future__ import annotations

from gan_augment.curation.nearest_records import ClosestRecord
from gan_augment.fidelity.memorisation import CopyTest

__all__ = ["privacy_notes"]

_SURE = 0.01
_NEAR = 0.75  # median distance ratio below which nearness deserves a warning
_MEMORISED = 0.5
_ALWAYS = (
    "No privacy is promised: a synthesizer learns from the train rows, and none of these checks proves that a row "
    "cannot be traced to one. Treat synthetic rows of sensitive data as you treat the data."
)


def privacy_notes(tests: dict[str, CopyTest], closest: ClosestRecord | None, filtered: bool) -> list[str]:
    """Sentences for the report, the most serious first, the standing caution last.

    Parameters
    ----------
    tests
        Class label -> its memorisation test.
    closest
        Over all classes; None where it could not be computed.
    filtered
        Whether none of the accepted rows repeats a train row.
    """
    notes = []
    if closest is not None and closest.exact:
        rows = (
            "1 candidate repeats a train row" if closest.exact == 1 else f"{closest.exact} candidates repeat train rows"
        )
        usual = "; so do held-out real rows." if closest.heldout_near == 0 else "."
        notes.append(f"{rows} exactly" + ("; they were filtered out." if filtered else usual))
    notes += [_sentence(label, test) for label, test in tests.items() if _suspicious(test)]
    if closest is None:
        notes.append("Copying could not be tested: there are no held-out rows to compare with.")
    return [*notes, _ALWAYS]


def _suspicious(test: CopyTest) -> bool:
    return test.pvalue < _SURE and test.ratio < _NEAR


def _sentence(label: str, test: CopyTest) -> str:
    verdict = "memorised" if test.ratio < _MEMORISED else "nearer to its train rows than fresh rows would be"
    return f"Class {label}: {verdict} (distance ratio {test.ratio:.2f}, p = {test.pvalue:.1g})."
