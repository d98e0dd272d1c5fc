"""What a method needs and a data set does not have: asked by `params check`, `init`, `methods list` and every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ROLES, THINGS, DatasetSpec, Role
from gan_augment.synthesis.api import Traits

__all__ = ["Unmet", "carries_target", "refuse_unmet", "takes_parents_target", "unmet"]

_LINES: dict[Role, str] = {  # of the section `prepare` in params.yaml, by what they give
    "pair": "companions: {pair: {path: FOLDER}}           # the same file names below another folder",
    "mask": "companions: {mask: {path: FOLDER}}           # the same file names below another folder",
    "caption": "companions: {caption: {column: COLUMN}}      # a column of the list of images, or of metadata.csv",
    "text": "companions: {text: {column: COLUMN}}         # what is written in the image",
    "attributes": "companions: {attributes: {columns: [COLUMN, COLUMN]}}",
    "sequence": "companions: {sequence: {columns: [CLIP, FRAME]}}",
    "voxels": "companions: {voxels: {path: FOLDER}}",
}
_TARGET_LINE = "target: label                                 # or choose a method whose rows carry the target"
_POOL_LINE = "pool: {kind: image_folder, path: FOLDER}     # or image_manifest, npz, webdataset; labels are optional"


@dataclass(frozen=True)
class Unmet:
    """One thing that is missing.

    Attributes
    ----------
    what
        A role, `pool`, the modality that the method makes, or the target that its rows can have.
    has
        What the data set has in its place.
    lines
        The lines of params.yaml, below `prepare`, that would give it; none where another data set is needed.
    """

    what: str
    has: str
    lines: tuple[str, ...] = ()


def unmet(traits: Traits, spec: DatasetSpec) -> list[Unmet]:
    """Everything that a method with these traits needs and the data set does not have; empty: it is ready.

    >>> from gan_augment.core.records import ClassRecord, ImageSpec
    >>> digits = DatasetSpec(
    ...     name="digits",
    ...     modality="image",
    ...     classes=(ClassRecord(key="one", label="1"), ClassRecord(key="two", label="2")),
    ...     image=ImageSpec(height=8, width=8, channels=1),
    ... )
    >>> masked = Traits(makes=frozenset({"image"}), label_from="source", needs=frozenset({"mask"}))
    >>> [(lack.what, lack.has) for lack in unmet(masked, digits)]
    [('mask', 'no companions')]
    """
    if spec.modality not in traits.makes:
        return [Unmet(" or ".join(sorted(THINGS[made] for made in traits.makes)), THINGS[spec.modality])]
    roles = [role for role in ROLES if role in traits.needs and role not in spec.companions]
    found = [Unmet(role, _companions(spec), (_LINES[role],)) for role in roles]
    if traits.pool == "must" and (spec.pool is None or not spec.pool.rows):
        found.append(Unmet("pool", "no pool" if spec.pool is None else "a pool without rows", (_POOL_LINE,)))
    if not carries_target(traits, spec):
        found.append(Unmet("the class as target", f"the target {spec.target}", (_TARGET_LINE,)))
    return found


def carries_target(traits: Traits, spec: DatasetSpec) -> bool:
    """Whether synthetic rows can have what is learnt: they make it, or have it of the real row that they come from."""
    return spec.target == "label" or spec.target in traits.emits or traits.label_from == "source"


def takes_parents_target(traits: Traits, spec: DatasetSpec) -> bool:
    """Whether synthetic rows get what is learnt from the real rows that they are made from."""
    return spec.target != "label" and spec.target not in traits.emits and traits.label_from == "source"


def _companions(spec: DatasetSpec) -> str:
    return f"the companions {', '.join(spec.companions)}" if spec.companions else "no companions"


def refuse_unmet(name: str, lacks: Sequence[Unmet]) -> None:
    """Raise one MethodError that names everything that is missing; return where nothing is."""
    if not lacks:
        return
    lines = [line for lack in lacks for line in lack.lines]
    raise MethodError(
        f"The method {name!r} needs what the data does not have: {', '.join(lack.what for lack in lacks)}",
        where="synthesis.method in params.yaml",
        got=" and ".join(dict.fromkeys(lack.has for lack in lacks)),
        remedy="below `prepare` in params.yaml, such as\n            " + "\n            ".join(lines)
        if lines
        else "run `gan-augment methods list` to see what fits",
    )
