"""What is painted again, of which rows, and which label is right afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ArrayField, DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.synthesis.kit.holes import HoleConfig, Holes
from tests.toys import image_toy, mask_toy


def holes(**settings: Any) -> Holes:
    view = mask_toy()[0]
    return Holes(view.spec, view.samples, HoleConfig(**settings), "m")


def two_objects() -> tuple[DatasetSpec, Samples]:
    """16 x 16 images with a bright object of 2 px at the left and one of 3 px at the right, each marked."""
    images = np.full((40, 16, 16, 1), 30, np.uint8)
    images[:, 4:6, 2:4] = images[:, 9:12, 10:13] = 240
    masks = np.where(images == 240, 255, 0).astype(np.uint8)
    view = image_toy()[0]
    spec = view.spec.model_copy(update={"companions": {"mask": ArrayField(shape=(16, 16, 1))}})
    return spec, replace(view.samples, payload=images, companions={"mask": masks})


def test_remove_starts_from_rows_with_a_mask_and_leaves_none() -> None:
    found, view = holes(dilation=1, jitter=0), mask_toy()[0]
    marks = np.asarray(view.samples.companions["mask"])[..., 0] > 0
    for number in range(30):
        one = found.draw(1, 5, number)
        (place,) = one.places
        assert view.labels[place] == 1
        assert marks[place].any()
        assert (one.hole >= marks[place]).all()
        assert one.hole.sum() > marks[place].sum()
        assert one.mask is not None
        assert not one.mask.any()


def test_every_row_is_used_equally_often() -> None:
    found = holes()
    places = [found.draw(0, 1, number).places[0] for number in range(45)]
    assert set(np.bincount(places)[np.unique(places)]) == {3}
    assert len(set(places)) == 15


def test_the_hole_grows_by_the_dilation_and_by_chance() -> None:
    spec, samples = two_objects()
    for dilation, jitter, sizes in ((0, 0, {13}), (1, 0, {16 + 25}), (0, 1, {13, 41})):
        found = Holes(spec, samples, HoleConfig(dilation=dilation, jitter=jitter), "m")
        assert {int(found.draw(0, 0, number).hole.sum()) for number in range(20)} == sizes


def test_refill_needs_no_mask_and_keeps_it_where_there_is_one() -> None:
    plain = image_toy()[0]
    found = Holes(plain.spec, plain.samples, HoleConfig(use="refill"), "m")
    one = found.draw(0, 0, 0)
    assert one.mask is None
    assert 0 < one.hole.mean() <= 0.5
    masked = holes(use="refill").draw(0, 0, 0)
    np.testing.assert_array_equal(masked.mask, np.asarray(mask_toy()[0].samples.companions["mask"])[masked.places[0]])


def test_edit_takes_rows_of_other_classes_and_gives_their_new_label() -> None:
    found = holes(use="edit", becomes="red")
    assert {int(mask_toy()[0].labels[found.draw(0, 0, number).places[0]]) for number in range(20)} == {1}
    assert found.refused == {"1": "no class becomes it (synthesis.settings.becomes)"}
    with pytest.raises(MethodError, match="no class becomes it"):
        found.check(1)
    by_label = holes(use="edit", becomes={"red": "green/blue"})
    assert list(by_label.refused) == ["0"]
    by_label.check(1)


def test_one_part_goes_and_the_others_stay_whole() -> None:
    spec, samples = two_objects()
    found = Holes(spec, samples, HoleConfig(use="edit", becomes={"red": "green/blue"}, parts="one", dilation=9), "m")
    left = set()
    for number in range(20):
        one = found.draw(1, 0, number)
        assert one.mask is not None
        stays = one.mask[..., 0] > 0
        assert not (one.hole & stays).any()
        left.add(int(stays.sum()))
    assert left == {4, 9}


def test_heal_puts_another_rows_object_in_the_place_and_opens_the_seam() -> None:
    spec, samples = two_objects()
    images, masks = np.asarray(samples.payload).copy(), np.asarray(samples.companions["mask"]).copy()
    images[:, 9:12, 10:13] = 30
    masks[:, 9:12, 10:13] = 0  # one object of 4 px a row
    images[20:, 4:6, 2:4] = np.arange(200, 220)[:, None, None, None]  # each row's own level
    rows = replace(samples, payload=images, companions={"mask": masks})
    found = Holes(spec, rows, HoleConfig(use="heal", dilation=2, jitter=0), "m")
    levels = set()
    for number in range(20):
        one = found.draw(1, 0, number)
        other = one.places[1]
        assert (one.image[4:6, 2:4] == 200 + other - 20).all()
        assert one.hole.sum() == 36 - 4
        assert not one.hole[4:6, 2:4].any()
        levels.add(int(other))
    assert len(levels) > 5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"use": "edit"}, "needs a label"),
        ({"use": "remove", "becomes": "red"}, "label of edited rows"),
        ({"use": "edit", "becomes": "grey"}, "names a label that there is not"),
        ({"use": "edit", "becomes": {"red": "grey"}}, "names a label that there is not"),
        ({"use": "edit", "becomes": {"red": "red"}}, "its own label"),
        ({"mask_values": (3,), "mask_threshold": 9}, "both say"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: Any, said: str) -> None:
    with pytest.raises(MethodError, match=said):
        HoleConfig(**settings).check(mask_toy()[0].spec)


def test_a_use_without_masks_is_refused_before_any_row_is_read() -> None:
    with pytest.raises(MethodError, match="needs a mask of every image") as caught:
        HoleConfig().check(image_toy()[0].spec)
    assert "refill" in str(caught.value)
    attributes = mask_toy()[0].spec.model_copy(update={"target": "attributes"})
    with pytest.raises(MethodError, match="not the label that is learnt"):
        HoleConfig(use="edit", becomes="red").check(attributes)


def test_a_class_without_masks_is_refused_and_the_others_are_not() -> None:
    view = mask_toy()[0]
    masks = np.asarray(view.samples.companions["mask"]).copy()
    masks[view.labels == 1] = 0
    found = Holes(view.spec, replace(view.samples, companions={"mask": masks}), HoleConfig(), "m")
    assert list(found.refused) == ["1"]
    found.check(0)
    with pytest.raises(MethodError, match="nothing to paint over"):
        found.check(1)
    with pytest.raises(MethodError, match="has not learnt"):
        found.check(2)
