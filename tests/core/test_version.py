"""The version is one, wherever it is asked for."""

from __future__ import annotations

from importlib.metadata import version

import gan_augment
from gan_augment.core.version import __version__


def test_the_package_and_its_metadata_agree() -> None:
    assert gan_augment.__version__ == __version__
    assert version("gan-augment") == __version__
