"""gan-augment: synthetic samples for small or unbalanced labelled data, kept only where they measurably help."""

from __future__ import annotations

__version__ = "0.1.0"
