"""The translation guard of a script: that pictures moved, that strings stayed, and that noise varies the look.

The rows that curation sees have no real source, so the method asks the guard itself: *moved* is the way from the
picture that the network was given, *kept* what the frozen reader reads, beside what it reads in that picture. *varied*
is the distance between two translations of one picture, in the unit of *moved*.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gan_augment.fidelity.guard import kept, moved
from gan_augment.recognition.reader import read_frames
from gan_augment.recognition.supervised import pixels
from gan_augment.scoring.reading import greedy, same
from gan_augment.synthesis.api import Run
from gan_augment.synthesis.kit.script.writing import Writer
from gan_augment.synthesis.translators.script_to_photo.translation import TranslationRun, translate

__all__ = ["guard_translation"]

_GUARDED = 200


def guard_translation(training: TranslationRun, writer: Writer, run: Run) -> tuple[dict[str, Any], str | None]:
    """The figures for model.json, and what is wrong in words, or None."""
    sources = training.sources
    pictures, strings = sources.pictures[:_GUARDED], sources.strings[:_GUARDED]
    rng = torch.Generator().manual_seed(run.derive("guard").seed)
    noise = [torch.randn(len(pictures), training.translator.noise, generator=rng) for _ in range(2)]
    made, again = (translate(training.served, pictures, one, run.device) for one in noise)
    photographs = np.rint((training.photographs[:_GUARDED].permute(0, 2, 3, 1).numpy() + 1) * 127.5)
    rows = [part.reshape(len(part), -1).astype(np.float64) / 255 for part in (pictures, made, again, photographs)]
    right, real_right = (_right(training, writer, part, strings) for part in (made, pictures))
    figures = {"moved": moved(rows[0], rows[1], rows[3]), "kept": kept(right, real_right, 0.0)}
    varied = moved(rows[1], rows[2], rows[3])
    found: dict[str, Any] = {name: figure.to_json() for name, figure in figures.items() if figure is not None}
    found["varied"] = None if varied is None else varied.value
    problem = next((figure.problem for figure in figures.values() if figure is not None and figure.problem), None)
    return found, problem


def _right(training: TranslationRun, writer: Writer, images: Any, strings: Any) -> Any:
    """bool [n]: which strings the frozen reader reads exactly."""
    symbols = len(writer.spec.strings.alphabet) + 1
    frames = read_frames(training.reader, pixels(images))
    return same(greedy(frames.reshape(len(frames), -1, symbols)), strings)
