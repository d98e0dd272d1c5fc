"""gan-augment: synthetic samples for small or unbalanced labelled data, kept only where they measurably help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gan_augment.core.version import __version__

if TYPE_CHECKING:
    from gan_augment.loading import load
    from gan_augment.loading.mixing import SyntheticMix

__all__ = ["SyntheticMix", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Public name `load` or `SyntheticMix`, imported at its first use (PEP 562), as imports cost time."""
    if name == "load":
        from gan_augment.loading import load

        return load
    if name == "SyntheticMix":
        from gan_augment.loading.mixing import SyntheticMix

        return SyntheticMix
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
