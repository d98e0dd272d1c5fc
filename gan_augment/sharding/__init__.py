"""Shards for other training jobs: deterministic, balanced, shuffled, with a manifest, checksums and a data card."""
