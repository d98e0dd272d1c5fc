"""What the project of an embedded data set starts with where that is not the default: a method that the demo is about.

Such a demo is meant to end in a verdict within five minutes on two cores. So it trains the method for a shorter time,
and fewer classifiers than the defaults do (its interval is wider for that), and leaves out the second opinion and the
learning curve.
"""

from __future__ import annotations

from typing import Any

from gan_augment.data.config import AnySource, CompanionSource, DemoName, DemoSource, PoolDemo

__all__ = ["demo_pool", "demo_prepare", "demo_values"]

_QUICK: dict[str, Any] = {
    "settings": {"kimg": 100},
    "judges": 2,
    "ratios": [0, 1, 2],
    "mix_seeds": 2,
    "seeds": 3,
    "second_opinion": "none",
    "learning_curve": "never",
}
_VALUES: dict[DemoName, dict[str, Any]] = {
    "colour_digits": {"method": "attribute_gan", **_QUICK},
    "characters": {"method": "attribute_gan", **_QUICK},
    "moving_digits": {"method": "next_frame", **_QUICK, "settings": {}},
    # Three rivals are trained beside it, so mixing ratios are few. Two seeds of each arm made intervals of 40 points.
    "two_domains": {
        "method": "style_transfer",
        **_QUICK,
        "settings": {},
        "groups": ["domain"],
        "ratios": [0, 1, 3],
    },
    # A judge of real rows has learnt the sticker: it would throw away every row without one.
    "stickers": {
        "method": "inpainting",
        **_QUICK,
        "settings": {"first_kimg": 12, "adversarial_kimg": 3, "jitter": 3},
        "groups": ["group"],
        "ratios": [0, 3],
        "judged": False,
    },
    # Three rivals here, too. The font is spaced and thickened as the photographs are: all that write share that script.
    "plates": {
        "method": "script_to_photo",
        **_QUICK,
        "settings": {
            "kimg": 6,
            "pictures": 1500,
            "script": {"width": [0.82, 0.92], "size": [0.6, 0.75], "spacing": 0.3, "bold": 0.06},
        },
        "classifier": "cnn, width: 8",
        "judges": "1, steps: 150",
        "candidates": 180,
        "ratios": [0, 2, 6],
        "seeds": 2,
    },
}
_POOLS: dict[DemoName, PoolDemo] = {
    "two_domains": PoolDemo(),
    "plates": PoolDemo(name="plates"),
    "moving_digits": PoolDemo(
        name="moving_digits", companions={"sequence": CompanionSource(columns=("clip", "frame"))}
    ),
}
_PREPARE: dict[DemoName, dict[str, Any]] = {"characters": {"target": "attributes"}, "plates": {"target": "text"}}


def demo_values(source: AnySource) -> dict[str, Any]:
    """Values of the template params.yaml."""
    return _VALUES.get(source.name, {}) if isinstance(source, DemoSource) else {}


def demo_prepare(source: AnySource) -> dict[str, Any]:
    """Settings of `prepare`."""
    return _PREPARE.get(source.name, {}) if isinstance(source, DemoSource) else {}


def demo_pool(name: DemoName) -> PoolDemo | None:
    """The pool that comes with a demo; None where there is none."""
    return _POOLS.get(name)
