from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.sharding.tar import HEADER_SIZE, TarWriter, member_size

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=100)


def written(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    tar = TarWriter(stream)
    for name, content in members.items():
        tar.add(name, content)
    tar.close()
    return stream.getvalue()


@given(st.dictionaries(NAMES, st.binary(max_size=1500), max_size=6))
def test_the_standard_library_reads_what_was_written(members: dict[str, bytes]) -> None:
    data = written(members)
    assert len(data) % 10240 == 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
        facts = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.isreg()) for m in archive.getmembers()}
    assert found == members
    assert facts <= {(0, 0, 0, "", "", 0o644, True)}


def test_the_bytes_are_those_of_the_standard_library() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("a.png")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    assert written({"a.png": b"abc"}) == stream.getvalue()


def test_offsets_lead_to_the_members() -> None:
    stream = io.BytesIO()
    tar = TarWriter(stream)
    contents = [b"", b"x" * 511, b"y" * 512, b"z" * 513]
    offsets = []
    for number, content in enumerate(contents):
        offsets.append(tar.offset)
        tar.add(f"{number}.bin", content)
    tar.close()
    data = stream.getvalue()
    for offset, content in zip(offsets, contents, strict=True):
        start = offset + HEADER_SIZE
        size = member_size(data[offset:start])
        assert data[start : start + size] == content


@pytest.mark.parametrize("name", ["", "n" * 101])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="USTAR"):
        TarWriter(io.BytesIO()).add(name, b"")


def test_what_is_no_header_is_refused() -> None:
    with pytest.raises(ValueError, match="tar header"):
        member_size(bytes(512))
