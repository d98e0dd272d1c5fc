"""index.json and SHA256SUMS of an export: what they say, and every change that is noticed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.core.version import __version__
from gan_augment.sharding.content import Content
from gan_augment.sharding.index import (
    LAYOUT,
    WITHOUT_COMPANIONS,
    added_files,
    build_index,
    examine,
    read_index,
    verify,
    write_checksums,
)
from tests.toys import image_toy

SPEC = image_toy()[0].spec  # classes red and green-blue, whose label is green/blue
CONTENT = Content.model_validate(
    {
        "counts": {"red": 0, "green-blue": 3},
        "ratio": 1.0,
        "basis": "measured",
        "verdict": "helps",
        "sentence": "It helps.",
        "reason": "So.",
    }
)


def shard(number: int) -> dict[str, Any]:
    """As a worker reports it: two real rows of each class, and one synthetic one."""
    files = [
        {"format": "webdataset", "file": f"{number}.tar", "bytes": 10, "sha256": "a" * 64},
        {"format": "folder", "file": f"folder/red/{number}-0.png", "bytes": 3, "sha256": "b" * 64},
        {"format": "folder", "file": f"folder/red/{number}-1.png", "bytes": 4, "sha256": "c" * 64},
    ]
    classes = [["red", "real", 2], ["green-blue", "real", 2], ["green-blue", "synthetic", 1]]
    made = [["green-blue", "vanilla", "f" * 64, 7 + number // 2, 1 + number]]
    return {"number": number, "rows": 5, "files": files, "classes": classes, "generated": made}


def index() -> dict[str, Any]:
    return build_index(SPEC, CONTENT, ["webdataset", "folder"], 3, [shard(number) for number in range(3)])


def export(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "index.json").write_text(json.dumps(index()))
    for number in range(3):
        (root / f"{number}.tar").write_bytes(bytes([number]) * 10)
    write_checksums(root, {})
    return root


def test_rows_are_counted_by_class_and_origin() -> None:
    found = index()
    assert (found["rows"], found["real"], found["synthetic"]) == (15, 12, 3)
    assert found["classes"] == [
        {"key": "red", "label": "red", "real": 6, "synthetic": 0},
        {"key": "green-blue", "label": "green/blue", "real": 6, "synthetic": 3},
    ]
    assert [(one["seed"], one["rows"]) for one in found["generated"]] == [(7, 3), (8, 3)]
    assert (found["layout"], found["gan_augment"], found["seed"]) == (WITHOUT_COMPANIONS, __version__, 3)


def test_the_pictures_of_a_shard_share_an_entry_that_tells_any_change_of_them() -> None:
    entries = index()["shards"]
    assert [(one["file"], one["format"], one["number"]) for one in entries[:2]] == [
        ("0.tar", "webdataset", 0),
        ("folder", "folder", 0),
    ]
    together = entries[1]
    assert together["bytes"] == 7
    assert together["labels"] == {"red": 2, "green/blue": 3}
    assert (together["rows"], together["real"], together["synthetic"]) == (5, 4, 1)
    other = shard(0)
    other["files"][2]["sha256"] = "d" * 64
    changed = build_index(SPEC, CONTENT, ["folder"], 3, [other])["shards"][1]
    assert changed["sha256"] != together["sha256"]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read_index(export(tmp_path)) == json.loads(json.dumps(index()))


@pytest.mark.parametrize(
    "change",
    [{"rows": "15"}, {"modality": "sound"}, {"formats": []}, {"shards": []}, {"unheard_of": 1}, {"classes": [{}]}],
    ids=str,
)
def test_an_index_of_another_form_is_damage(tmp_path: Path, change: dict[str, Any]) -> None:
    root = export(tmp_path)
    (root / "index.json").write_text(json.dumps(index() | change))
    with pytest.raises(DataError, match=r"index\.json"):
        read_index(root)


def test_a_higher_layout_wants_a_newer_reader_and_none_is_the_first(tmp_path: Path) -> None:
    root = export(tmp_path)
    newer = index() | {"layout": LAYOUT + 1, "unheard_of": 1}
    (root / "index.json").write_text(json.dumps(newer))
    with pytest.raises(DataError, match="newer gan-augment"):
        read_index(root)
    (root / "index.json").write_text(json.dumps({key: value for key, value in index().items() if key != "layout"}))
    assert "layout" not in read_index(root)


def test_the_checksums_are_those_of_sha256sum_over_every_file(tmp_path: Path) -> None:
    root = export(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=root, check=True)
    lines = (root / "SHA256SUMS").read_text().splitlines()
    assert [line.partition("  ")[2] for line in lines] == ["0.tar", "1.tar", "2.tar", "index.json"]
    assert verify(root) == 4


def test_every_change_is_one_sentence(tmp_path: Path) -> None:
    root = export(tmp_path / "export")
    assert examine(root).ok
    (root / "0.tar").write_bytes(b"x")
    (root / "1.tar").unlink()
    (root / "sub").mkdir()
    (root / "sub/new").write_text("x")
    (root / "2.tar").unlink()
    (tmp_path / "outside").write_bytes(b"\2" * 10)  # the same bytes, but not of the export
    (root / "2.tar").symlink_to(tmp_path / "outside")
    found = examine(root)
    assert not found.ok
    assert found.files == 4
    assert found.problems[:3] == (
        "1.tar: missing",
        "sub/new: not in SHA256SUMS",
        "0.tar: its bytes have changed",
    )
    assert found.problems[3].startswith("2.tar: ")
    with pytest.raises(DataError, match=r"1\.tar: missing"):
        verify(root)


def test_of_many_problems_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    root = export(tmp_path)
    for number in range(100, 130):
        (root / str(number)).touch()
    with pytest.raises(DataError) as told:
        verify(root)
    assert str(told.value.got).count("not in SHA256SUMS") == 20
    assert "and 10 more" in str(told.value.got)


def test_what_was_put_there_is_named_unless_the_system_did_or_nobody_knows(tmp_path: Path) -> None:
    root = export(tmp_path)
    for name in (".DS_Store", "notes.txt"):
        (root / name).touch()
    assert added_files(root) == ["notes.txt"]
    (root / "SHA256SUMS").write_text("damaged")
    assert added_files(root) == []
    os.remove(root / "SHA256SUMS")
    assert added_files(root) == []


def test_another_folder_is_no_export(tmp_path: Path) -> None:
    for ask in (read_index, examine, verify):
        for place in (tmp_path, tmp_path / "absent"):
            with pytest.raises(MissingInputError, match="not an export"):
                ask(place)
