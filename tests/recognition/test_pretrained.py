"""The pretrained extractor: its trunk recognises a cat, its features are those of each image alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data
from skimage.transform import resize
from torch.nn import functional as F

from gan_augment.core.errors import SetupError
from gan_augment.recognition import pretrained
from gan_augment.recognition.pretrained import FEATURES, PretrainedFeatures, check_pretrained

CATS = range(281, 286)  # of ImageNet's 1,000 classes: tabby, tiger, Persian, Siamese and Egyptian cat


def test_with_its_own_head_the_trunk_recognises_a_cat() -> None:
    """Wrong padding, scaling or batch statistics would not crash; they would see something else."""
    weights = torch.load(pretrained._weights_file(), weights_only=True)
    photo = resize(data.chelsea()[:, 75:375], (224, 224), preserve_range=True)
    hidden = torch.from_numpy((photo - 127) / 128).float().permute(2, 0, 1)[None]
    network: Any = PretrainedFeatures()._network
    with torch.inference_mode():
        hidden = F.relu6(network._bn0(network._conv_stem(hidden)))
        for block in network._blocks:
            hidden = block(hidden)
        named = {name: weights[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")}
        hidden = F.relu6(F.batch_norm(F.conv2d(hidden, weights["_conv_head.weight"]), **named, eps=1e-3))
        logits = hidden.mean(dim=(2, 3)) @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert int(logits.argmax()) in CATS
    assert float(logits.softmax(1)[0, list(CATS)].sum()) > 0.5


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_has_the_same_features_alone_and_among_others(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (70, 20, 24, channels), dtype=np.uint8)
    extract = PretrainedFeatures()
    together = extract(images)
    assert together.shape == (70, FEATURES)
    assert together.dtype == np.float32
    np.testing.assert_allclose(extract(images[69:]), together[69:], rtol=1e-4, atol=1e-5)
    assert extract(images[:0]).shape == (0, FEATURES)


def test_the_same_rows_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    extract, calls = PretrainedFeatures(), list[int]()
    original = extract._of
    monkeypatch.setattr(extract, "_of", lambda images: calls.append(len(images)) or original(images))  # type: ignore[func-returns-value]
    images = np.zeros((3, 16, 16, 1), dtype=np.uint8)
    assert extract(images) is extract(images.copy())
    extract(images + 1)
    assert calls == [3, 3]


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"gan-augment\[features\]"):
        check_pretrained()


def test_other_weights_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / pretrained._FILE).write_bytes(b"cos\nsystem\n")
    spec = importlib.util.spec_from_loader("other", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(SetupError, match="not the expected ones"):
        PretrainedFeatures()
