"""Names of methods, and where each one lives. A module is imported only when its method is asked for."""

from __future__ import annotations

import contextlib
import difflib
import gc
import importlib
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import cast

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import Synthesizer

__all__ = ["BUILT_IN", "method_names", "resolve_method"]

BUILT_IN: dict[str, str] = {
    "attribute_gan": "gan_augment.synthesis.generators.attribute_gan.method:AttributeGan",
    "bicubic": "gan_augment.synthesis.translators.bicubic:Bicubic",
    "conditional": "gan_augment.synthesis.generators.conditional:Conditional",
    "copy_paste": "gan_augment.synthesis.translators.copy_paste:CopyPaste",
    "copula": "gan_augment.synthesis.generators.copula:Copula",
    "erase": "gan_augment.synthesis.translators.erase:Erase",
    "domain_randomise": "gan_augment.synthesis.generators.domain_randomise:DomainRandomise",
    "fda": "gan_augment.synthesis.translators.fda:Fda",
    "flow_warp": "gan_augment.synthesis.translators.flow_warp:FlowWarp",
    "histogram_match": "gan_augment.synthesis.translators.histogram_match:HistogramMatch",
    "image_to_image": "gan_augment.synthesis.translators.image_to_image.method:ImageToImage",
    "infogan": "gan_augment.synthesis.generators.infogan.method:Infogan",
    "inpainting": "gan_augment.synthesis.translators.inpainting.method:Inpainting",
    "jitter": "gan_augment.synthesis.generators.jitter:Jitter",
    "matched_script": "gan_augment.synthesis.generators.matched_script:MatchedScript",
    "next_frame": "gan_augment.synthesis.translators.next_frame.method:NextFrame",
    "oversample": "gan_augment.synthesis.generators.oversample:Oversample",
    "permute_characters": "gan_augment.synthesis.translators.permute_characters:PermuteCharacters",
    "random_convolution": "gan_augment.synthesis.translators.random_convolution:RandomConvolution",
    "recolour": "gan_augment.synthesis.translators.recolour:Recolour",
    "retrieve": "gan_augment.synthesis.translators.retrieve:Retrieve",
    "script_to_photo": "gan_augment.synthesis.translators.script_to_photo.method:ScriptToPhoto",
    "smote": "gan_augment.synthesis.generators.smote:Smote",
    "style_transfer": "gan_augment.synthesis.translators.style_transfer.method:StyleTransfer",
    "super_resolution": "gan_augment.synthesis.translators.super_resolution.method:SuperResolution",
    "tabular_gan": "gan_augment.synthesis.generators.tabular_gan.method:TabularGan",
    "telea": "gan_augment.synthesis.translators.telea:Telea",
    "text_to_image": "gan_augment.synthesis.generators.text_to_image.method:TextToImage",
    "vanilla": "gan_augment.synthesis.generators.vanilla:Vanilla",
}
ENTRY_POINT_GROUP = "gan_augment.methods"


def _table() -> dict[str, str]:
    table = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)}
    return table | BUILT_IN  # a plug-in cannot take a built-in name


def method_names() -> list[str]:
    """Every known method, built in or from the entry-point group `gan_augment.methods`, sorted."""
    return sorted(_table())


def resolve_method(name: str) -> Synthesizer:
    """The method of this name. Raises MethodError with the nearest names."""
    # Looking through every installed package for plug-ins costs 0.1 s: a built-in name needs none.
    table = BUILT_IN if name in BUILT_IN else _table()
    if name not in table:
        near = difflib.get_close_matches(name, table, n=2)
        raise MethodError(
            "There is no such synthesis method",
            where="synthesis.method in params.yaml",
            got=repr(name),
            expected=f"one of {', '.join(sorted(table))}",
            remedy=f"did you mean {' or '.join(map(repr, near))}?" if near else "run `gan-augment methods list`",
        )
    module, _, attribute = table[name].partition(":")
    with _uncollected():
        found = importlib.import_module(module)
    return cast(Synthesizer, getattr(found, attribute)())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: torch's import makes objects that all stay, and looking through them takes 0.2 s."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
