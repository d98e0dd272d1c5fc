"""How the report, the preview, the leaderboard and the live page are filled in: one set of rules."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["page_environment"]


def page_environment() -> Environment:
    """Templates of this package; values are escaped, and a name without a value is an error."""
    return Environment(
        loader=PackageLoader("gan_augment.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
