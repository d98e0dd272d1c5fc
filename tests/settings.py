"""One row a method: the toy data and the small settings with which the shared contract suite runs it.

To add a method, add a row here. `tests/synthesis/test_contract.py` names the methods that lack one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gan_augment.core.samples import PoolView, TrainView, ValidationView
from tests.toys import (
    attribute_toy,
    bar_toy,
    caption_toy,
    clip_toy,
    image_pool,
    image_toy,
    mask_toy,
    table_toy,
    text_pool,
    text_toy,
)

__all__ = ["METHODS", "MethodRow"]


@dataclass(frozen=True)
class MethodRow:
    """`toy()` gives the train and the validation rows, `settings` are those of the method's Config.

    `pool()` gives the rows without labels, for a method that must have some.
    `brief`: settings in the place of those for comparing several trainings, where they may teach less.
    `judged`: whether the toy's answer is forced after so little training, so that a judge must agree with the labels.
    """

    toy: Callable[[], tuple[TrainView, ValidationView]]
    settings: dict[str, Any] = field(default_factory=dict)
    judged: bool = True
    pool: Callable[[], PoolView | None] = lambda: None
    brief: dict[str, Any] = field(default_factory=dict)


SMALL_IMAGE_GAN = {"kimg": 0.2, "specialise_kimg": 0.1, "batch_size": 16, "width": 16, "latent": 4, "checks": 1}


def clip_views() -> tuple[TrainView, ValidationView]:
    """Clips to learn from and other clips."""
    return clip_toy(), clip_toy(split="validation")


METHODS: dict[str, MethodRow] = {
    "attribute_gan": MethodRow(
        attribute_toy,
        {"kimg": 0.8, "batch_size": 32, "width": 32, "latent": 4, "checks": 2, "judge_steps": 10},
        judged=False,
    ),
    "bicubic": MethodRow(image_toy),
    "conditional": MethodRow(image_toy, SMALL_IMAGE_GAN, judged=False),
    "copula": MethodRow(table_toy),
    "copy_paste": MethodRow(bar_toy, judged=False),
    "erase": MethodRow(image_toy),
    "domain_randomise": MethodRow(text_toy, judged=False),
    "fda": MethodRow(image_toy, pool=image_pool),
    "flow_warp": MethodRow(clip_views, {"shift": 0}),  # in the toy, the place tells the class
    "histogram_match": MethodRow(image_toy, pool=image_pool),
    "image_to_image": MethodRow(
        image_toy, {"kimg": 0.1, "batch_size": 10, "width": 8, "critic_width": 8, "checks": 2}, False, image_pool
    ),
    "infogan": MethodRow(
        image_toy,
        {"kimg": 4.8, "batch_size": 32, "width": 64, "latent": 4, "checks": 2, "learning_rate": 3e-3},
        brief={"kimg": 0.4},
    ),
    "inpainting": MethodRow(
        mask_toy,
        {"first_kimg": 0.2, "adversarial_kimg": 0.05, "batch_size": 10, "width": 8, "critic_width": 4, "checks": 2}
        | {"dilation": 0},
    ),
    "jitter": MethodRow(table_toy),
    "matched_script": MethodRow(text_toy, judged=False, pool=text_pool),
    "next_frame": MethodRow(
        clip_views,
        {"mse_kimg": 0.2, "adversarial_kimg": 0.05, "batch_size": 10, "width": 8, "checks": 2},
        judged=False,
    ),
    "oversample": MethodRow(table_toy),
    "permute_characters": MethodRow(text_toy, judged=False),
    "random_convolution": MethodRow(image_toy, judged=False),
    "recolour": MethodRow(attribute_toy),
    "retrieve": MethodRow(caption_toy, judged=False),
    "script_to_photo": MethodRow(
        text_toy,
        {"kimg": 0.064, "width": 4, "critic_width": 4, "noise": 2, "pictures": 32, "reader_steps": 4, "checks": 2},
        judged=False,
        pool=text_pool,
    ),
    "smote": MethodRow(table_toy),
    "style_transfer": MethodRow(image_toy, {"features": "own", "steps": 4, "training_steps": 5}, judged=False),
    "super_resolution": MethodRow(
        image_toy, {"l1_kimg": 0.2, "adversarial_kimg": 0.05, "batch_size": 10, "width": 8, "blocks": 1, "checks": 2}
    ),
    "tabular_gan": MethodRow(table_toy, {"steps": 60, "specialise_steps": 10, "batch_size": 64, "width": 32}),
    "telea": MethodRow(mask_toy, {"dilation": 0}),
    "text_to_image": MethodRow(
        caption_toy,
        {"kimg": 0.8, "batch_size": 32, "width": 32, "latent": 4, "checks": 2, "judge_steps": 10},
        judged=False,
    ),
    "vanilla": MethodRow(
        image_toy, {key: SMALL_IMAGE_GAN[key] for key in SMALL_IMAGE_GAN if key != "specialise_kimg"}, judged=False
    ),
}
