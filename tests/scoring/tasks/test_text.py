"""The task `text`: what is right, what it costs, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.predictions import Adjustment
from gan_augment.core.samples import Samples
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import score
from gan_augment.scoring.tasks import task_of, task_with
from gan_augment.scoring.tasks.text import Text
from tests.scoring.toys import string_samples, string_spec

SPEC = string_spec(shortest=1)
TASK = Text(SPEC)


def rows(*texts: str) -> Samples:
    samples = string_samples(SPEC, len(texts))
    return replace(samples, companions={"text": pd.DataFrame({"text": pd.array(texts, dtype="string")})})


def said(*texts: str, sure: float = 0.9) -> np.ndarray:
    """Predictions [n, K] that are read as these strings, every character with this probability."""
    frames = np.full((len(texts), 9, 4), (1 - sure) / 3, dtype=np.float32)
    for row, text in enumerate(texts):
        best = np.zeros(9, dtype=int)
        best[1 : 2 * len(text) : 2] = ["abc".index(character) + 1 for character in text]
        frames[row, np.arange(9), best] = sure
    return frames.reshape(len(texts), -1)


def test_the_headline_counts_whole_strings_and_characters_stand_beside_it() -> None:
    targets = TASK.targets(rows("abc", "ab", "c", "cab"))
    found = said("abc", "ac", "c", "ca")
    assert TASK.read(found) == ["abc", "ac", "c", "ca"]
    assert score(TASK.metrics["exact_match"], found, targets) == 0.5
    assert score(TASK.metrics["character_accuracy"], found, targets) == pytest.approx(1 - 2 / 9)
    assert score(TASK.metrics["worst_length"], found, targets) == 0.5  # of the lengths, only 3 has two strings
    assert {part.key: (score(part.metric, found, targets), part.rows) for part in TASK.parts(targets)} == {
        "1": (1.0, 1), "2": (0.0, 1), "3": (0.5, 2),
    }  # fmt: skip
    weights = np.array([[1.0, 0, 1, 0], [0, 3, 0, 1]])
    np.testing.assert_allclose(TASK.metrics["exact_match"](found, targets, weights), [1, 0])


def test_agreement_is_a_probability_a_character() -> None:
    targets = TASK.targets(rows("abc", "abc"))
    sure, unsure = TASK.agreement(said("abc", "cab"), targets)
    assert 0 <= unsure < 0.2 < 0.7 < sure <= 1
    assert TASK.agreement(said("abc", "abc", sure=0.999), targets).min() > 0.98
    whole = np.exp(-3 * score(TASK.metrics["log_loss"], said("abc"), targets[:1]))
    assert sure**3 == pytest.approx(whole, rel=1e-6)


def test_a_temperature_moves_the_loss_and_no_reading() -> None:
    texts = ["abc", "ab", "c", "cab"] * 5
    targets, found = TASK.targets(rows(*texts)), said(*(["abc", "ab", "b", "cab"] * 5), sure=0.999)
    chosen = TASK.adjustment(found[None], targets, [])
    assert chosen.temperature > 1
    assert chosen.tau == 0
    assert adjust(found, chosen) is found
    calmer = adjust(found, chosen, calibrate=True)
    np.testing.assert_allclose(calmer.reshape(20, -1, 4).sum(axis=2), 1, atol=1e-6)
    assert TASK.read(calmer) == TASK.read(found)
    assert score(TASK.loss, calmer, targets) < score(TASK.loss, found, targets)
    assert Adjustment.model_validate(chosen.model_dump(mode="json")) == chosen
    assert "every" not in Adjustment().model_dump(mode="json")
    assert TASK.retuned(found[None], targets) == Adjustment()


def test_calibration_is_that_of_the_string_that_was_read() -> None:
    targets = TASK.targets(rows("abc", "abc"))
    assert score(TASK.metrics["calibration_error"], said("abc", "abc", sure=0.99999), targets) < 0.01
    assert score(TASK.metrics["calibration_error"], said("cab", "cab", sure=0.99999), targets) > 0.99


def test_held_strings_are_the_same_targets() -> None:
    held = pd.DataFrame({"label": ["x"], "text": pd.array(["cab"], dtype="string")})
    assert (TASK.held_targets(held) == TASK.targets(rows("cab"))).all()
    assert isinstance(task_with(SPEC, {}), Text)
    assert task_of(SPEC, rows("a")).roles == ("text",)
    assert TASK.counts(TASK.targets(rows("aab", "c")), np.array([1.0, 2])).tolist() == [2, 1, 2]


@pytest.mark.parametrize("text", ["", "abx", "abcab", pd.NA])
def test_what_is_no_string_of_the_data_set_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"no recogniser(.|\n)*1 to 4 of the characters abc"):
        TASK.targets(rows("ab", text))


def test_withheld_strings_are_a_leak() -> None:
    with pytest.raises(LeakError):
        TASK.targets(replace(rows("a"), companions={}))
