"""Captions beside rows, and captions that a user asks for: what every method that reads them refuses, and how."""

from __future__ import annotations

from collections.abc import Sequence

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.synthesis.api import AskedCaption

__all__ = ["captions_of", "class_index", "listed", "quoted"]

_QUOTED = 80  # characters of a caption in a message


def captions_of(view: TrainView | ValidationView, method: str) -> list[str]:
    """The caption of every row. Raises MethodError where rows have none."""
    found = view.samples.companions.get("caption")
    if found is None:
        raise MethodError(
            f"{method!r} needs a caption beside every row",
            where="prepare.companions in params.yaml",
            got=f"companions: {', '.join(view.samples.companions) or 'none'}",
            expected="`caption`: a column of texts",
            remedy="write companions: {caption: {column: COLUMN}} under `prepare` in params.yaml, with your column",
        )
    frame = frame_of(found)
    texts = frame[frame.columns[0]]
    if missing := int(texts.isna().sum()):
        raise MethodError(
            f"{method!r} needs a caption beside every row",
            got=f"{missing} of {len(texts)} rows without one",
            remedy="add them, or leave these rows out with prepare.companions.caption.missing: leave_out",
        )
    return texts.astype(str).tolist()


def class_index(caption: AskedCaption, spec: DatasetSpec) -> int:
    """The class that is said beside a caption, by its label or else by its key. Raises MethodError."""
    names = [*spec.labels, *(record.key for record in spec.classes)]
    if caption.label not in names:
        raise MethodError(
            "A caption's class is none of the data",
            where=f"the caption {quoted(caption.text)}",
            got=repr(caption.label),
            expected=f"one of {listed(spec.labels)}",
        )
    return names.index(caption.label) % len(spec.classes)


def quoted(text: str) -> str:
    """A caption in quotes; the beginning of a long one."""
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "…")


def listed(values: Sequence[str]) -> str:
    """The first values in quotes."""
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ", ".join(map(repr, values[:10])) + more
