"""The library door: five lines from a frame to more rows of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash
from gan_augment.core.checksums import LISTED
from gan_augment.core.errors import DataError, MethodError, MissingInputError, ModelError, ParamsError, SetupError
from gan_augment.tabular import TableSynthesizer
from tests.toys import table_frame

QUICK = {"steps": 20, "width": 16, "batch_size": 32}


def frame() -> pd.DataFrame:
    rows, labels = table_frame(90)
    rows.insert(2, "class", pd.Series(labels, dtype="str"))  # the target in the middle, as it may be
    rows["small"] = np.arange(90, dtype=np.int32) % 7
    rows["grade"] = pd.Categorical.from_codes(np.arange(90) % 2, ["low", "high", "never"], ordered=True)
    return rows


def test_rows_come_back_in_the_frames_own_form() -> None:
    source = frame()
    made = TableSynthesizer(settings=QUICK).fit(source, target="class").sample({"red": 7, "green/blue": 5})
    pd.testing.assert_series_equal(made.dtypes, source.dtypes)
    assert made["class"].tolist() == ["red"] * 7 + ["green/blue"] * 5
    assert isinstance(made.index, pd.RangeIndex)


@pytest.mark.parametrize("method", ["oversample", "smote", "jitter", "copula"])
def test_every_table_method_is_behind_the_same_door(method: str) -> None:
    made = TableSynthesizer(method).fit(frame(), target="class").sample(30)
    assert made["class"].value_counts().to_dict() == {"red": 20, "green/blue": 10}  # as in the train rows


def test_labels_of_other_types_come_back_as_they_were() -> None:
    for labels in ([0, 1] * 10, [True, False] * 10, [2.5, 1.0] * 10):
        source = pd.DataFrame({"x": np.arange(20.0), "y": labels})
        made = TableSynthesizer("copula").fit(source, "y").sample({labels[0]: 3})
        assert made["y"].dtype == source["y"].dtype
        assert made["y"].tolist() == [labels[0]] * 3


def test_a_stream_is_the_sample_in_pieces_and_start_continues_it() -> None:
    model = TableSynthesizer("copula").fit(frame(), "class")
    whole = model.sample({"red": 600}, seed=5)
    pieces = list(model.stream({"red": 600}, seed=5))
    assert len(pieces) == 3
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole)
    later = model.sample({"red": 100}, seed=5, start=500)
    pd.testing.assert_frame_equal(later, whole[500:].reset_index(drop=True))


def test_a_saved_model_gives_the_same_rows(tmp_path: Path) -> None:
    model = TableSynthesizer(settings=QUICK, seed=2).fit(frame(), "class")
    model.save(tmp_path / "model")
    loaded = TableSynthesizer.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.sample(40), model.sample(40))
    again = TableSynthesizer(settings=QUICK, seed=2).fit(frame(), "class")
    again.save(tmp_path / "again")
    assert file_hash(tmp_path / "model") == file_hash(tmp_path / "again")


@pytest.mark.parametrize("method", ["tabular_gan", "smote"])
def test_a_saved_model_that_was_damaged_is_told_and_gives_no_rows(tmp_path: Path, method: str) -> None:
    model = TableSynthesizer(method, QUICK if method == "tabular_gan" else {}, seed=2).fit(frame(), "class")
    model.save(tmp_path / "model")
    folder = (tmp_path / "model").rename(tmp_path / "moved")  # as a user may
    for path in filter(Path.is_file, folder.rglob("*")):
        content = path.read_bytes()
        flipped = content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]
        for damaged in (flipped, content[: len(content) // 2], b"", None):
            path.unlink() if damaged is None else path.write_bytes(damaged)
            if path.name != LISTED:  # which says only that there is a list
                with pytest.raises((ModelError, MissingInputError), match="moved"):
                    TableSynthesizer.load(folder)
            path.write_bytes(content)
    pd.testing.assert_frame_equal(TableSynthesizer.load(folder).sample(40), model.sample(40))


def test_where_nothing_was_saved_the_message_speaks_of_save(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(MissingInputError, match="save"):
            TableSynthesizer.load(path)


def test_save_replaces_what_it_wrote_and_nothing_else(tmp_path: Path) -> None:
    model = TableSynthesizer("smote").fit(frame(), "class")
    folder = tmp_path / "model"
    for _ in range(2):
        model.save(folder)
    for name in ("notes.txt", "model/notes.txt", "more/notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
        with pytest.raises(ParamsError, match=name):
            model.save(folder)
        (folder / name).unlink()
    model.save(folder)
    # One that only looks like a model, and one that an older version saved.
    for path in filter(Path.is_file, [*folder.glob("SHA256SUMS"), *folder.glob("*/SHA256SUMS"), *folder.rglob(LISTED)]):
        path.unlink()
    model.save(folder)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/synthesizer.json").write_text("{}")
    (tmp_path / "own/thesis.txt").write_text("mine")
    with pytest.raises(ParamsError, match="thesis"):
        model.save(tmp_path / "own")


def test_save_follows_a_link_and_tells_what_stands_in_the_way(tmp_path: Path) -> None:
    model = TableSynthesizer("smote").fit(frame(), "class")
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    model.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(TableSynthesizer.load(tmp_path / "there").sample(4)) == 4
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path in (tmp_path / "circle", tmp_path / ("x" * 300), Path("/dev/null")):
        with pytest.raises((ParamsError, SetupError)):
            model.save(path)


def test_a_sample_of_nothing_keeps_the_dtypes() -> None:
    source = frame()
    made = TableSynthesizer("copula").fit(source, "class").sample({})
    pd.testing.assert_series_equal(made.dtypes, source.dtypes)


@pytest.mark.parametrize("method", ["smote", "jitter", "copula", "tabular_gan"])
def test_rules_hold_in_every_row_and_starve_no_class(method: str) -> None:
    random = np.random.default_rng(0)
    start = random.integers(0, 20, 120)
    place = random.integers(0, 3, 120)
    source = pd.DataFrame({"start": start, "end": start + random.geometric(0.4, 120) - 1})
    source["city"] = np.array(["Rome", "Nice", "Metz"])[place]
    source["country"] = np.array(["IT", "FR", "FR"])[place]
    source["y"] = np.where(random.random(120) < 0.2, "rare", "common")
    rules = [{"kind": "order", "columns": ["start", "end"]}, {"kind": "combination", "columns": ["city", "country"]}]
    settings = QUICK if method == "tabular_gan" else {}
    made = TableSynthesizer(method, settings, rules=rules).fit(source, "y").sample({"rare": 500, "common": 500})
    assert (made["start"] <= made["end"]).all()
    assert set(zip(made["city"], made["country"], strict=True)) == {("Rome", "IT"), ("Nice", "FR"), ("Metz", "FR")}
    assert made["y"].value_counts().tolist() == [500, 500]


def test_a_rule_that_the_rows_break_is_refused() -> None:
    source = pd.DataFrame({"a": [1, 2, 3, 9], "b": [2, 3, 4, 5], "y": [0, 0, 1, 1]})
    with pytest.raises(DataError, match="1 of 4 rows"):
        TableSynthesizer("copula", rules=[{"kind": "order", "columns": ["a", "b"]}]).fit(source, "y")
    with pytest.raises(ParamsError, match="The rules"):
        TableSynthesizer("copula", rules=[{"kind": "ordre", "columns": ["a", "b"]}])


def test_mistakes_are_named() -> None:
    source = frame()
    with pytest.raises(MethodError, match="tabular_gan"):
        TableSynthesizer("tabular_gam")
    with pytest.raises(MethodError, match="makes no tables"):
        TableSynthesizer("conditional")
    with pytest.raises(ParamsError, match="neighbors"):
        TableSynthesizer("smote", {"neighbors": 3})
    with pytest.raises(MethodError, match="call fit"):
        TableSynthesizer("copula").sample(3)
    with pytest.raises(DataError, match="'klass'"):
        TableSynthesizer("copula").fit(source, "klass")
    with pytest.raises(DataError, match="1 of 90 rows"):
        TableSynthesizer("copula").fit(source.assign(**{"class": source["class"].mask(source.index == 3)}), "class")
    with pytest.raises(MethodError, match="'blue'"):
        TableSynthesizer("copula").fit(source, "class").sample({"blue": 1})
    texts = source.assign(note=[f"this is the note number {number} of many" for number in range(90)])
    with pytest.raises(DataError, match="free text"):
        TableSynthesizer("copula").fit(texts, "class")
    with pytest.raises(DataError, match="identifier"):
        TableSynthesizer("copula").fit(source.assign(key=[f"k{number}" for number in range(90)]), "class")
