from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.data.sources.entries import Entries, list_entries


def reasons(found: Entries) -> dict[str, str]:
    return {entry.place: entry.reason.text for entry in found.left_out}


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    touch(tmp_path / "data/cat/1.png")
    return tmp_path / "data"


def test_a_linked_folder_is_gone_into(data: Path) -> None:
    touch(data.parent / "store/bird/1.png")
    (data / "bird").symlink_to("../store/bird")
    found = list_entries(data)
    assert [str(path) for path in found.files] == ["bird/1.png", "cat/1.png"]
    assert found.links == (data.parent / "store/bird",)


@pytest.mark.parametrize("target", ["..", ".", "cat", "/"])
def test_links_that_lead_around_in_a_circle_are_left_out(data: Path, target: str) -> None:
    (data / "again").symlink_to(target)
    found = list_entries(data)
    assert [str(path) for path in found.files] == ["cat/1.png"]
    assert "again" in reasons(found)


def test_two_links_to_one_folder_are_read_once(data: Path) -> None:
    touch(data.parent / "store/1.png")
    for name in ("a", "b"):
        (data / name).symlink_to("../store")
    found = list_entries(data)
    assert found.count == 3
    assert len(found.files) == 2
    assert len(found.left_out) == 1


def test_hidden_ones_litter_and_empty_folders_are_named(data: Path) -> None:
    for name in (".DS_Store", "._1.png", "Thumbs.db", ".secret.png", "__MACOSX/cat/._1.png", ".bird/1.png"):
        touch(data / name)
    (data / "dog").mkdir()
    (data / "dir.png").mkdir()
    found = list_entries(data)
    severities = {entry.place: entry.reason.severity for entry in found.left_out}
    assert severities == {
        ".DS_Store": "note",
        "._1.png": "note",
        "Thumbs.db": "note",
        "__MACOSX": "note",
        ".secret.png": "warning",
        ".bird": "warning",
        "dog": "warning",
        "dir.png": "warning",
    }


def test_what_is_no_file_is_never_opened_and_an_error(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(data / "cat/pipe.png")
    (data / "cat/zero.png").symlink_to("/dev/zero")
    monkeypatch.chdir(data)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.png")
        found = list_entries(data)
    assert {entry.place: (entry.found, entry.reason.severity) for entry in found.left_out} == {
        "cat/pipe.png": ("a named pipe", "error"),
        "cat/zero.png": ("a device", "error"),
        "socket.png": ("a socket", "error"),
    }


@pytest.mark.parametrize("name", ["bird", "cat/2.png", ".#lock"])
def test_broken_links_are_errors_as_dvc_fails_at_them(data: Path, name: str) -> None:
    (data / name).symlink_to("nowhere")
    (entry,) = list_entries(data).left_out
    assert (entry.place, entry.found, entry.reason.severity) == (name, "-> nowhere", "error")


def test_names_that_are_not_utf_8_are_errors_as_dvc_fails_at_them(data: Path) -> None:
    Path(os.fsdecode(os.fsencode(data) + b"/cat/\xff.png")).write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(data) + b"/b\xe9\xe9")).mkdir()
    found = list_entries(data)
    assert {entry.place: entry.reason.severity for entry in found.left_out} == {
        "cat/\\xff.png": "error",
        "b\\xe9\\xe9": "error",
    }


KINDS = ("file", "hidden", "litter", "empty folder", "pipe", "broken", "link", "circle", "not utf-8")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2)), max_size=12))
def test_every_entry_is_a_file_or_left_out(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, int]]
) -> None:
    top = tmp_path_factory.mktemp("plan")
    (top / "data").mkdir()
    made = sum(_make(top, kind, depth, number) for number, (kind, depth) in enumerate(plan))
    empty = sum(not any(folder.iterdir()) for folder in (top / "data").rglob("d?") if folder.is_dir())
    found = list_entries(top / "data")
    assert found.count == made + empty == len(found.files) + len(found.left_out)


def _make(top: Path, kind: str, depth: int, number: int) -> int:
    """Make one entry; returns how many there are to count."""
    folder = top.joinpath("data", *[f"d{level}" for level in range(depth)])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}.png"
    if kind in ("file", "hidden", "litter"):
        touch(folder / {"file": path.name, "hidden": f".{path.name}", "litter": f"._{path.name}"}[kind])
    elif kind == "not utf-8":
        Path(os.fsdecode(os.fsencode(path) + b"\xff")).write_bytes(b"x")
    elif kind == "empty folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "broken":
        path.symlink_to("nowhere")
    elif kind == "circle":
        path.symlink_to(top / "data")
    else:
        touch(top / f"store{number}/x.png")
        path.symlink_to(top / f"store{number}")
    return 1
