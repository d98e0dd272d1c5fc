"""What lies beside every row stays in step with it, in memory and on disk; without it everything is as before."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.atomic import file_hash
from gan_augment.core.checksums import list_checksums
from gan_augment.core.errors import DamagedInputError, LeakError, MissingInputError
from gan_augment.core.records import ArrayField, ClassRecord, Column, DatasetSpec, FrameField, ImageSpec, PoolSpec, Role
from gan_augment.core.reordering import write_reordered
from gan_augment.core.samples import (
    Samples,
    TestInputs,
    TrainView,
    make_manifest,
    read_samples,
    roles_in,
    write_samples,
)
from gan_augment.core.streams import HeldSamples, SamplesWriter, StoredSamples, gather_samples, read_rows

BOTH: tuple[Role, ...] = ("mask", "caption")
CLASSES = (ClassRecord(key="a", label="A"), ClassRecord(key="b", label="B"))
PLAIN = DatasetSpec(name="toy", modality="image", classes=CLASSES, image=ImageSpec(height=4, width=5, channels=3))
TEXT = FrameField(columns=(Column(name="text", kind="categorical", dtype="string"),))
RICH = PLAIN.model_copy(update={"companions": {"mask": ArrayField(shape=(4, 5, 1)), "caption": TEXT}})


def rich(count: int = 12, roles: tuple[Role, ...] = BOTH, first: int = 0) -> Samples:
    """Every row says its number everywhere."""
    number = np.arange(first, first + count)
    manifest = make_manifest(
        count, id=[f"r{n}" for n in number], label=[CLASSES[n % 2].label for n in number], split="train", origin="real"
    )
    pixels, mask = (np.broadcast_to(number[:, None, None, None], (count, 4, 5, c)).astype(np.uint8) for c in (3, 1))
    caption = pd.DataFrame({"text": pd.array([None if n % 5 == 4 else f"no. {n}" for n in number], dtype="string")})
    return Samples(manifest, pixels, {role: {"mask": mask, "caption": caption}[role] for role in roles})


def check_step(samples: Samples, numbers: list[int], roles: tuple[Role, ...] = BOTH) -> None:
    assert list(samples.manifest["id"]) == [f"r{n}" for n in numbers]
    assert tuple(samples.companions) == roles
    assert [int(pixels[0, 0, 0]) for pixels in np.asarray(samples.payload)] == numbers
    if "mask" in roles:
        mask = np.asarray(samples.companions["mask"])
        assert mask.shape == (len(numbers), 4, 5, 1)
        assert [int(pixels[0, 0, 0]) for pixels in mask] == numbers
    if "caption" in roles:
        caption = samples.companions["caption"]
        assert isinstance(caption, pd.DataFrame)
        assert caption["text"].dtype == "string"
        assert list(caption["text"].fillna("")) == ["" if n % 5 == 4 else f"no. {n}" for n in numbers]


numbers = st.lists(st.integers(0, 11), max_size=15)
roles = st.sampled_from([BOTH, ("mask",), ("caption",), ()])
cuts = st.lists(st.integers(0, 12), max_size=3).map(lambda places: [0, *sorted(places), 12])


@given(numbers, roles)
def test_rows_are_taken_with_what_lies_beside_them(places: list[int], roles: tuple[Role, ...]) -> None:
    check_step(rich(roles=roles).take(np.array(places, dtype=np.int64)), places, roles)


@given(cuts, roles)
def test_parts_are_joined_with_what_lies_beside_them(cuts: list[int], roles: tuple[Role, ...]) -> None:
    whole = rich(roles=roles)
    parts = [whole.take(slice(low, high)) for low, high in itertools.pairwise(cuts)]
    check_step(Samples.concat(parts), list(range(12)), roles)


def test_a_class_keeps_what_lies_beside_its_rows() -> None:
    check_step(rich().of_class("B"), [1, 3, 5, 7, 9, 11])
    check_step(TrainView(RICH, rich()).of_class(0).samples, [0, 2, 4, 6, 8, 10])
    check_step(rich().relabelled(split="validation"), list(range(12)))


def test_all_rows_have_a_companion_or_none_has() -> None:
    with pytest.raises(ValueError, match="some parts have companions that others lack"):
        Samples.concat([rich(), rich(roles=("mask",))])
    with pytest.raises(ValueError, match="12 manifest rows but 11 mask rows"):
        Samples(rich().manifest, rich().payload, {"mask": np.zeros((11, 4, 5, 1), np.uint8)})
    assert {role: len(rows) for role, rows in Samples.none(RICH).companions.items()} == {"mask": 0, "caption": 0}


@settings(deadline=None, max_examples=25)
@given(cuts=cuts, roles=roles, order=st.permutations(range(12)), rows=st.integers(1, 13))
def test_folders_carry_them(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], roles: tuple[Role, ...], order: list[int], rows: int
) -> None:
    root, whole = tmp_path_factory.mktemp("folders"), rich(roles=roles)
    parts = [whole.take(slice(low, high)) for low, high in itertools.pairwise(cuts)]
    for name in ("whole", "pieces", "moved", "work", *map(str, range(len(parts)))):
        (root / name).mkdir()
    write_samples(root / "whole", whole)
    with SamplesWriter(root / "pieces") as writer:
        for number, part in enumerate(parts):
            writer.append(part)
            write_samples(root / str(number), part)
    assert file_hash(root / "whole") == file_hash(root / "pieces")
    assert set(roles_in(root / "whole")) == set(roles)
    check_step(read_samples(root / "whole", companions=roles), list(range(12)), roles)
    assert not read_samples(root / "whole").companions
    stored = StoredSamples(tuple(root / str(number) for number in range(len(parts))), roles)
    check_step(Samples.concat(list(stored.chunks(rows))), list(range(12)), roles)
    check_step(gather_samples(stored, np.array(order[:5]), rows=rows), order[:5], roles)
    check_step(read_rows(root / "whole", np.sort(order[:5]), companions=roles), sorted(order[:5]), roles)
    write_reordered(stored, np.array(order), root / "moved", root / "work", rows=rows)
    write_samples(root / "work", whole.take(np.array(order)))
    assert file_hash(root / "moved") == file_hash(root / "work")


def test_a_folder_without_rows_may_lack_them(tmp_path: Path) -> None:
    for name, samples in (("none", rich(0, ())), ("some", rich())):
        (tmp_path / name).mkdir()
        write_samples(tmp_path / name, samples)
    stored = StoredSamples((tmp_path / "none", tmp_path / "some")).with_companions()
    check_step(Samples.concat(list(stored.chunks(5))), list(range(12)))
    assert StoredSamples((tmp_path / "none",)).with_companions().companions == ()


def test_what_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    write_samples(tmp_path, rich())
    list_checksums(tmp_path)
    (tmp_path / "mask.npy").write_bytes(b"?")
    check_step(read_samples(tmp_path, companions=("caption",)), list(range(12)), ("caption",))
    with pytest.raises(DamagedInputError, match=r"mask\.npy"):
        read_samples(tmp_path, companions=BOTH)
    with pytest.raises(MissingInputError, match=r"voxels\.npy or voxels\.parquet"):
        read_samples(tmp_path, companions=("voxels",))


def test_a_companion_of_another_length_is_damage(tmp_path: Path) -> None:
    write_samples(tmp_path, rich())
    rich(11).companions["caption"].to_parquet(tmp_path / "caption.parquet", index=False)  # type: ignore[union-attr]
    with pytest.raises(DamagedInputError, match="11 rows where the manifest has 12"):
        read_samples(tmp_path, companions=BOTH)
    with pytest.raises(DamagedInputError, match="11 rows where the manifest has 12"):
        list(StoredSamples((tmp_path,), BOTH).chunks(100))


def test_test_inputs_have_no_companions() -> None:
    blind = rich().relabelled(split="test", label=pd.NA)
    with pytest.raises(LeakError, match="mask, caption"):
        TestInputs(RICH, blind)
    TestInputs(RICH, Samples(blind.manifest, blind.payload))


def test_held_samples_carry_them() -> None:
    check_step(Samples.concat(list(HeldSamples(rich()).chunks(5))), list(range(12)))


def test_a_spec_says_what_is_new_only_where_there_is_something_to_say(tmp_path: Path) -> None:
    PLAIN.save(tmp_path / "plain.json")
    assert not {"companions", "pool", "target"} & json.loads((tmp_path / "plain.json").read_text()).keys()
    spec = RICH.model_copy(update={"target": "caption", "pool": PoolSpec(rows=40, companions={"pair": TEXT})})
    spec.save(tmp_path / "rich.json")
    assert DatasetSpec.load(tmp_path / "rich.json") == spec
    assert DatasetSpec.load(tmp_path / "plain.json") == PLAIN


def test_the_target_is_a_companion_that_the_rows_have() -> None:
    with pytest.raises(ValueError, match="the rows have no such companion"):
        DatasetSpec.model_validate({**PLAIN.model_dump(), "target": "text"})
