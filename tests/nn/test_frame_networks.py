"""The predictor moves what moves, from the start; weights sum to 1; a mask moves with them and mixes no values."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.frame_networks import FramePredictor, arrivals, moved, moved_mask


def shifted(kernel: int, down: int, right: int, height: int = 6, width: int = 7) -> torch.Tensor:
    """Weights with which each pixel comes from so far below and to the right."""
    weights = torch.zeros(1, kernel**2, height, width)
    weights[:, (down + kernel // 2) * kernel + right + kernel // 2] = 1
    return weights


def squares(*lefts: int) -> torch.Tensor:
    """A patterned square at these places of three frames, float32 [1, 3, 12, 14]."""
    frames = torch.full((1, len(lefts), 12, 14), -1.0)
    pattern = torch.rand(4, 4, generator=torch.Generator().manual_seed(0))
    for number, left in enumerate(lefts):
        frames[0, number, 4:8, left : left + 4] = pattern
    return frames


def predictor(**settings: int) -> FramePredictor:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FramePredictor(1, **{"history": 3, "kernel": 5, "width": 8, "levels": 1, **settings})


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, 0), (-1, 2), (0, -2)])
def test_pixels_come_from_where_the_weights_say(down: int, right: int) -> None:
    images = torch.rand(1, 2, 6, 7)
    found = moved(images, shifted(5, down, right))
    wide = torch.nn.functional.pad(images, (2, 2, 2, 2), mode="replicate")
    torch.testing.assert_close(found, wide[:, :, 2 + down : 8 + down, 2 + right : 9 + right])


def test_a_mask_moves_with_the_image_and_mixes_no_values() -> None:
    masks = torch.tensor([0, 3, 200], dtype=torch.uint8)[torch.randint(3, (1, 6, 7, 1))]
    colours = torch.cat([masks, masks // 3, 255 - masks], dim=3)
    for one in (masks, colours):
        found = moved_mask(one, shifted(3, 0, 1))
        assert torch.equal(found[:, :, :-1], one[:, :, 1:])
    blurred = torch.rand(1, 9, 6, 7).softmax(dim=1)
    assert set(moved_mask(masks, blurred).unique().tolist()) <= {0, 3, 200}


def test_what_moves_moves_on_before_anything_was_learnt() -> None:
    past, truth = squares(1, 3, 5), squares(7)
    network = predictor()
    with torch.inference_mode():
        motion = network(past)
    torch.testing.assert_close(motion.weights.sum(dim=1), torch.ones(1, 12, 14))
    copied = (past[:, -1:] - truth).square().sum()
    assert (motion.frames - truth).square().sum() < 0.5 * copied
    # Of the square's new right edge nearly all comes from two pixels to the left.
    likely = arrivals(past[:, 1:2], past[:, 2:], 5)[0, :, 5, 9]
    assert likely.argmax() == 2 * 5 + 0


def test_every_weight_learns_and_frames_do_not_depend_on_others() -> None:
    network, past = predictor(), torch.rand(4, 3, 9, 11) * 2 - 1
    network(past).frames.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    torch.testing.assert_close(network(past).frames[2:3], network(past[2:3]).frames)


def test_the_prediction_takes_the_place_of_the_last_frame() -> None:
    past = torch.rand(2, 3, 5, 5)
    new = torch.rand(2, 1, 5, 5)
    torch.testing.assert_close(predictor().follow(past, new), torch.cat([past[:, 1:], new], dim=1))
