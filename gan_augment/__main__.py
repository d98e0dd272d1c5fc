"""`python -m gan_augment` is `gan-augment`."""

from __future__ import annotations

from gan_augment.cli.main import main

main()
