from __future__ import annotations

from pathlib import Path
from typing import Any

import albumentations
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from gan_augment import SyntheticMix
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.sharding.export import export
from tests.finished_project import NASTY_LABELS, write_project
from tests.sharding.test_export import IMAGE, task_of


class White(Dataset[Any]):
    """600 white images, 200 a class: whatever is not white is synthetic."""

    def __init__(self) -> None:
        self.reads = 0

    def __len__(self) -> int:
        return 600

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        self.reads += 1
        return torch.ones(1, 12, 12), index % 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mix")
    export(task_of(write_project(root), IMAGE), root / "export")
    return root / "export"


def replaced(mix: SyntheticMix) -> np.ndarray:
    return np.array([bool((image < 1).any()) for image, _ in (mix[n] for n in range(len(mix)))])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_kept_and_so_is_every_label(folder: Path, share: float) -> None:
    mix = SyntheticMix(White(), folder, share=share)
    assert len(mix) == 600
    assert replaced(mix).mean() == pytest.approx(share, abs=0.06)
    assert [mix[n][1] for n in range(9)] == [0, 1, 2] * 3


def test_replacements_are_of_the_item_s_own_class_in_the_user_s_own_order(folder: Path) -> None:
    own = (NASTY_LABELS[2], NASTY_LABELS[0], NASTY_LABELS[1])
    mix = SyntheticMix(White(), folder, share=1.0, classes=own)
    for index in range(12):
        image, label = mix[index]
        rows = np.flatnonzero(mix.synthetic.classes == NASTY_LABELS.index(own[label]))
        assert any(torch.equal(image, mix.synthetic[row][0]) for row in rows)


def test_a_class_may_have_a_share_of_its_own(folder: Path) -> None:
    mix = SyntheticMix(White(), folder, share={NASTY_LABELS[1]: 1.0})
    assert list(replaced(mix)[:9]) == [False, True, False] * 3


def test_items_follow_seed_and_epoch_but_not_the_workers(folder: Path) -> None:
    mix = SyntheticMix(White(), folder, share=0.5, seed=1)
    first = replaced(mix)
    assert np.array_equal(first, replaced(mix))
    images = torch.cat([x for x, _ in DataLoader(mix, batch_size=50, num_workers=2)])
    assert np.array_equal((images < 1).flatten(1).any(1).numpy(), first)
    mix.set_epoch(1)
    assert not np.array_equal(first, replaced(mix))
    assert not np.array_equal(first, replaced(SyntheticMix(White(), folder, share=0.5, seed=2)))


def test_known_labels_save_reading_what_is_replaced(folder: Path) -> None:
    real = White()
    mix = SyntheticMix(real, folder, share=0.5, labels=[n % 3 for n in range(600)])
    plain = SyntheticMix(White(), folder, share=0.5)
    found = replaced(mix)
    assert np.array_equal(found, replaced(plain))
    assert real.reads == 600 - found.sum()


def test_it_plugs_into_albumentations(folder: Path) -> None:
    dark = albumentations.Compose([albumentations.InvertImg(p=1.0)])
    mix, plain = (SyntheticMix(White(), folder, share=1.0, transform=t) for t in (dark, None))
    assert torch.allclose(mix[0][0], 1 - plain[0][0])


def test_a_class_without_synthetic_rows_stays_real(tmp_path: Path) -> None:
    project = write_project(tmp_path, ratio=1.0, shown_ratio=1.0)  # the largest class gets none
    export(task_of(project, IMAGE), tmp_path / "export")
    assert list(replaced(SyntheticMix(White(), tmp_path / "export", share=1.0))[:6]) == [False, True, True] * 2


def test_an_export_without_synthetic_rows_says_why(tmp_path: Path) -> None:
    project = write_project(tmp_path, verdict="no measurable difference")
    export(task_of(project, IMAGE), tmp_path / "export")
    with pytest.raises(DataError, match="Real rows only: the verdict is: no measurable difference"):
        SyntheticMix(White(), tmp_path / "export")


@pytest.mark.parametrize(
    "options",
    [
        {"share": 1.5},
        {"share": {"dog": 0.5}},
        {"classes": ["dog"]},
        {"share": {NASTY_LABELS[0]: -1}},
        {"share": float("nan")},
        {"share": "0.5"},
        {"classes": [NASTY_LABELS[0]] * 2},
    ],
)
def test_impossible_requests_are_refused(folder: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        SyntheticMix(White(), folder, **options)


def test_a_share_of_nothing_needs_no_synthetic_row(tmp_path: Path) -> None:
    project = write_project(tmp_path, verdict="no measurable difference")
    export(task_of(project, IMAGE), tmp_path / "export")
    mix = SyntheticMix(White(), tmp_path / "export", share=0)
    assert not replaced(mix).any()


@pytest.mark.parametrize(
    "labels",
    [[0] * 599, [3] * 600, [-1] * 600, [0.5] * 600, ["0"] * 600, [[0]] * 600],
    ids=lambda value: repr(value[0]),
)
def test_labels_that_do_not_fit_are_refused(folder: Path, labels: Any) -> None:
    with pytest.raises(ParamsError, match="600 class indices from 0 to 2"):
        SyntheticMix(White(), folder, labels=labels)
    assert len(SyntheticMix(White(), folder, labels=torch.tensor([2] * 600))) == 600


@pytest.mark.parametrize("item", [(None, 3), (None, -1), (None, "cat"), (None, 0.5), (None,), None])
def test_an_item_that_is_no_image_and_class_is_told(folder: Path, item: Any) -> None:
    with pytest.raises(DataError, match="item 1"):
        SyntheticMix([item] * 3, folder)[1]


def test_it_is_a_sequence_with_an_end(folder: Path) -> None:
    mix = SyntheticMix(White(), folder, share=1.0, labels=[0] * 600)
    assert torch.equal(mix[-1][0], mix[599][0])
    assert torch.equal(mix[np.int64(5)][0], mix[5][0])
    assert sum(1 for _ in mix) == 600
    for index in (600, -601):
        with pytest.raises(IndexError):
            mix[index]


@pytest.mark.parametrize("real", [iter([]), 3, None])
def test_what_has_no_length_is_not_wrapped(folder: Path, real: Any) -> None:
    with pytest.raises(ParamsError, match="map-style"):
        SyntheticMix(real, folder)
