"""Shards for other training jobs: deterministic, balanced, shuffled, with a manifest, checksums and a data card."""

from __future__ import annotations

from gan_augment.sharding.index import Verification, examine, verify

__all__ = ["Verification", "examine", "verify"]
