from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.data.paths import shown
from gan_augment.data.sources.tar_members import Tar, read_tar

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def tar_bytes(names: list[str], form: str = "gnu") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=FORMATS[form]) as tar:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = number * 200
            tar.addfile(info, io.BytesIO(bytes([number % 255 + 1]) * info.size))
    return buffer.getvalue()


def listed(tmp_path: Path, content: bytes) -> Tar:
    (tmp_path / "a.tar").write_bytes(content)
    return read_tar(tmp_path / "a.tar", "a.tar")


@pytest.mark.parametrize("form", FORMATS)
def test_members_and_their_bytes(tmp_path: Path, form: str) -> None:
    names = ["0.png", "folder/1.cls", "folder/" + "long" * (20 if form == "ustar" else 60) + ".png"]
    tar = listed(tmp_path, tar_bytes(names, form))
    assert [str(member.path) for member in tar.files] == names
    assert [member.reader(tmp_path / "a.tar")() for member in tar.files] == [b"", b"\2" * 200, b"\3" * 400]
    assert tar.count == 3


def test_every_cut_is_told(tmp_path: Path) -> None:
    whole = tar_bytes([f"{number}.png" for number in range(6)])
    end = len(whole.rstrip(b"\0")) // 512 * 512 + 512  # the end mark begins here
    for cut in range(1, end + 1, 128):
        with pytest.raises(DataError, match="damaged or was cut off"):
            listed(tmp_path, whole[:cut])
    assert listed(tmp_path, whole[: end + 512]).count == 6


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 40), st.sampled_from([b"\0", b"\7", b"\xff"]))
def test_a_damaged_block_is_told_or_changes_no_member(
    tmp_path_factory: pytest.TempPathFactory, block: int, filling: bytes
) -> None:
    """Of a header. What lies in a content is for its reader: PNG has sums of its own."""
    names = [f"{number}.png" for number in range(10)]
    damaged = bytearray(tar_bytes(names))
    before = [(m.path, m.size, m.offset) for m in listed(tmp_path_factory.mktemp("whole"), bytes(damaged)).files]
    damaged[512 * block : 512 * (block + 1)] = filling * 512
    try:
        tar = listed(tmp_path_factory.mktemp("damaged"), bytes(damaged))
    except DataError:
        return
    assert [(m.path, m.size, m.offset) for m in tar.files] == before


@pytest.mark.parametrize("behind", [b"garbage", tar_bytes(["x.png"])])
def test_what_lies_behind_the_end_mark_is_told(tmp_path: Path, behind: bytes) -> None:
    with pytest.raises(DataError, match="after the end mark"):
        listed(tmp_path, tar_bytes(["0.png", "1.png"]) + behind)


def test_an_empty_tar_holds_nothing_and_an_empty_file_is_none(tmp_path: Path) -> None:
    assert listed(tmp_path, bytes(10240)).count == 0
    with pytest.raises(DataError, match="damaged or was cut off"):
        listed(tmp_path, b"")


def test_compressed_tars_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="compressed with gzip") as told:
        listed(tmp_path, gzip.compress(tar_bytes(["0.png"])))
    assert "gunzip" in str(told.value)


def test_every_other_member_is_left_out_with_its_reason(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    kinds = {
        "folder": tarfile.DIRTYPE,
        "link.png": tarfile.SYMTYPE,
        "hard.png": tarfile.LNKTYPE,
        "pipe.png": tarfile.FIFOTYPE,
        "._0.png": tarfile.REGTYPE,
        "__MACOSX/0.png": tarfile.REGTYPE,
        ".hidden.png": tarfile.REGTYPE,
        "0.png": tarfile.REGTYPE,
    }
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "0.png" if "k" in name or "hard" in name else ""
            tar.addfile(info)
    found = listed(tmp_path, buffer.getvalue())
    assert found.count == len(kinds) == len(found.files) + len(found.left_out)
    assert {entry.place: entry.reason.severity for entry in found.left_out} == {
        "a.tar: folder": "note",
        "a.tar: link.png": "error",
        "a.tar: hard.png": "error",
        "a.tar: pipe.png": "error",
        "a.tar: ._0.png": "note",
        "a.tar: __MACOSX/0.png": "note",
        "a.tar: .hidden.png": "warning",
    }


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        for name in ("caf\xe9.png", ".h\xe9.png"):
            tar.addfile(tarfile.TarInfo(name))
    found = listed(tmp_path, buffer.getvalue())
    assert [shown(str(member.path)) for member in found.files] == ["caf\\xe9.png"]
    assert [entry.place for entry in found.left_out] == ["a.tar: .h\\xe9.png"]
