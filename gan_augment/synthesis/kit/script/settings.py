"""Settings of a script, and whether it can be written: asked before any training minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec, Record, TextSpec
from gan_augment.core.user_functions import PATTERN
from gan_augment.synthesis.kit.script.formats import Format, FormatError, Place, learnt, parsed

__all__ = ["WHERE", "ScriptConfig", "alphabet_of", "as_far_as_known", "facts", "formats_from", "formats_of", "text_of"]

WHERE = "synthesis.settings.script"
Share = Annotated[float, Field(gt=0, le=1)]
_OF_PILLOW = ("fonts", "size", "width", "spacing", "bold", "ink", "paper")


class ScriptConfig(Record):
    """What is written, and how it is drawn."""

    alphabet: str | None = Field(
        default=None, min_length=1, description="characters that may be written; null: all that train rows have"
    )
    format: str | dict[str, str] | None = Field(
        default=None,
        description="strings to write, such as [A-Z]{3}[0-9]{4}, or one such a class (LABEL: FORMAT); "
        "null: at each place what the train rows of the class have there",
    )
    fonts: tuple[str, ...] = Field(
        default=("default",),
        min_length=1,
        description="files of fonts (.ttf, .otf), each used equally often; default: Pillow's own",
    )
    size: tuple[Share, Share] = Field(
        default=(0.6, 0.85), description="share of the image's height that the tallest characters take, from - to"
    )
    width: tuple[Share, Share] | None = Field(
        default=None,
        description="share of the image's width that a string is stretched to, from - to; null: as the font has it",
    )
    spacing: float = Field(
        default=0.0, ge=0, le=2, description="space added between characters, as a share of their height"
    )
    bold: float = Field(
        default=0.0, ge=0, le=0.3, description="what strokes are thickened by on each side, as a share of the height"
    )
    ink: tuple[str, ...] = Field(default=("black",), min_length=1, description="colours, such as navy or #1a2b3c")
    paper: tuple[str, ...] = Field(default=("white",), min_length=1, description="colours of the ground")
    function: str | None = Field(
        default=None,
        pattern=PATTERN,
        description="module:function(label, rng) -> image, your own in place of fonts; beside params.yaml or installed",
    )

    @field_validator("alphabet")
    @classmethod
    def _each_once(cls, alphabet: str | None) -> str | None:
        return alphabet if alphabet is None else "".join(sorted(set(alphabet)))

    @field_validator("size", "width")
    @classmethod
    def _in_order(cls, share: tuple[float, float] | None) -> tuple[float, float] | None:
        if share is not None and share[0] > share[1]:
            raise ValueError(f"from - to, the smaller one first, not {share[0]:g} and {share[1]:g}")
        return share

    @field_validator("ink", "paper")
    @classmethod
    def _known_colours(cls, colours: tuple[str, ...]) -> tuple[str, ...]:
        from PIL import ImageColor

        for colour in colours:
            try:
                ImageColor.getrgb(colour)
            except ValueError:
                raise ValueError(f"{colour!r} is no colour; such as black, #1a2b3c or rgb(20, 30, 40)") from None
        return colours

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> ScriptConfig:
        idle = [name for name in _OF_PILLOW if getattr(self, name) != type(self).model_fields[name].default]
        if self.function is not None and idle:
            raise ValueError(f"{' and '.join(idle)} has no effect where a function of your own draws: take it out")
        return self


def text_of(spec: DatasetSpec) -> TextSpec:
    """What strings are made of. Raises MethodError where strings are not what is learnt."""
    if spec.text is None:
        raise MethodError(
            "A script is written where strings are what is learnt",
            where="prepare.target in params.yaml",
            got=f"target: {spec.target}",
            expected="target: text",
            remedy="prepare.companions: {text: {column: COLUMN}} and prepare.target: text",
        )
    return spec.text


def as_far_as_known(script: ScriptConfig, spec: DatasetSpec) -> DatasetSpec | None:
    """The data set with its strings, before `prepare` has read them: of the script's own alphabet; None: unknown.

    Raises MethodError where strings are not what is learnt.
    """
    if spec.text is not None or spec.target != "text":
        text_of(spec)
        return spec
    if script.alphabet is None:
        return None
    longest = (spec.images.width + 1) // 2
    text = TextSpec(alphabet=script.alphabet, shortest=1, longest=longest)
    return spec.model_copy(update={"text": text})


def alphabet_of(script: ScriptConfig, spec: DatasetSpec) -> str:
    """The characters that may be written. Raises MethodError where some are unknown to the data set."""
    known = text_of(spec).alphabet
    strange = "".join(sorted(set(script.alphabet or "") - set(known)))
    if strange:
        raise MethodError(
            "The script's alphabet has characters that no train row has",
            where=f"{WHERE}.alphabet in params.yaml",
            got=f"{strange!r:.200}",
            expected=f"characters among {known!r:.400}",
            remedy="take them out, or label rows that have them: a recogniser of this data set has no answer for them",
        )
    return script.alphabet or known


def formats_of(
    script: ScriptConfig, spec: DatasetSpec, strings: Mapping[int, Sequence[str]] | None
) -> tuple[tuple[Format, ...], ...]:
    """The formats of each class; those without one are read off `strings`, which has the train rows' by class index.

    Without `strings` such a class may write anything of the data set's longest length. Raises MethodError.
    """
    alphabet, text = alphabet_of(script, spec), text_of(spec)
    if script.format is None:
        anything = (parsed(f".{{{text.longest}}}", alphabet),) if len(alphabet) > 1 else ()
        return tuple(
            anything if strings is None else learnt(_writable(strings.get(index, ()), alphabet), alphabet)
            for index in range(len(spec.classes))
        )
    _refuse_other_classes(script.format, spec)
    return tuple((_read(_format_of(script.format, label), alphabet, spec),) for label in spec.labels)


def _writable(strings: Sequence[str], alphabet: str) -> list[str]:
    return [string for string in strings if set(string) <= set(alphabet)]


def _format_of(given: str | dict[str, str], label: str) -> str:
    return given if isinstance(given, str) else given[label]


def _refuse_other_classes(given: str | dict[str, str], spec: DatasetSpec) -> None:
    if isinstance(given, str) or set(given) == set(spec.labels):
        return
    raise MethodError(
        "The script's formats are not those of the classes",
        where=f"{WHERE}.format in params.yaml",
        got=", ".join(map(repr, given))[:400],
        expected=f"one for each of {', '.join(map(repr, spec.labels))}"[:400],
        remedy="name each class by its label, or give one format for all of them",
    )


def _read(text: str, alphabet: str, spec: DatasetSpec) -> Format:
    try:
        found = parsed(text, alphabet)
    except FormatError as error:
        raise _bad_format(text, str(error), "a format of several strings, such as [A-Z]{3}[0-9]{4}") from None
    longest = text_of(spec).longest
    if found.longest > longest:
        raise _bad_format(text, f"strings of up to {found.longest} characters", f"at most {longest}, as the rows have")
    return found


def _bad_format(text: str, got: str, expected: str) -> MethodError:
    return MethodError(
        "The script's format does not do",
        where=f"{WHERE}.format in params.yaml: {text!r:.120}",
        got=got,
        expected=expected,
        remedy="correct it: sets [A-Z0-9], characters, `.`, \\d, and behind each {n}, {least,most} or ?",
    )


def facts(formats: Sequence[Sequence[Format]]) -> list[list[dict[str, Any]]]:
    """The formats of each class, for model.json."""
    return [
        [
            {"weight": one.weight, "places": [[place.characters, place.least, place.most] for place in one.places]}
            for one in own
        ]
        for own in formats
    ]


def formats_from(facts: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[tuple[Format, ...], ...]:
    """What `facts` was made of. Raises KeyError, ValueError, TypeError."""
    return tuple(
        tuple(Format(tuple(Place(*place) for place in one["places"]), float(one["weight"])) for one in own)
        for own in facts
    )
