"""Tar writer whose bytes depend only on names and contents.

USTAR (POSIX.1-1988), every member a plain file of mode 0644, owner 0, time 0. WebDataset's own writer stores the
current time, so that the same samples give different bytes on every run and DVC sees a change.
"""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["HEADER_SIZE", "TarWriter", "member_name", "member_size"]

HEADER_SIZE = _BLOCK = 512
_RECORD = 20 * _BLOCK
_NAME_LIMIT = 100
_SIZE_LIMIT = 8**11
# mode, uid, gid | mtime | regular file, no link, magic and version, no owner names, no device, no prefix
_BEFORE_SIZE = b"0000644\x00" + b"0000000\x00" * 2
_AFTER_SIZE = b"00000000000\x00"
_AFTER_SUM = b"0" + bytes(100) + b"ustar\x0000" + bytes(64 + 16 + 167)


class TarWriter:
    """Writer that appends members to a binary stream; `close` ends the archive and leaves the stream open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.offset = 0  # where the next member's header will start, in bytes

    def add(self, name: str, content: bytes) -> None:
        """Append a file. `name` is ASCII, at most 100 characters. Raises ValueError."""
        padding = -len(content) % _BLOCK
        self._stream.write(_header(name, len(content)))
        self._stream.write(content)
        self._stream.write(bytes(padding))
        self.offset += _BLOCK + len(content) + padding

    def close(self) -> None:
        """Write two empty blocks, then zeros up to a whole record, as tar programs do."""
        self._stream.write(bytes(2 * _BLOCK + -(self.offset + 2 * _BLOCK) % _RECORD))


def _header(name: str, size: int) -> bytes:
    raw = name.encode("ascii")
    if not 0 < len(raw) <= _NAME_LIMIT or size >= _SIZE_LIMIT:
        raise ValueError(f"not a USTAR member: name of {len(raw)} bytes, content of {size} bytes")
    start = raw.ljust(_NAME_LIMIT, b"\0") + _BEFORE_SIZE + b"%011o\0" % size + _AFTER_SIZE
    checksum = sum(start) + 8 * ord(" ") + sum(_AFTER_SUM)
    return start + b"%06o\0 " % checksum + _AFTER_SUM


def member_name(header: bytes) -> str:
    """Name of a member, from its header; empty for the blocks at the end."""
    return header[:_NAME_LIMIT].rstrip(b"\0").decode("ascii", "replace")


def member_size(header: bytes) -> int:
    """Length of the content in bytes, from a member's 512-byte header. Raises ValueError where it is not one."""
    if header[257:262] != b"ustar":
        raise ValueError("not a tar header")
    return int(header[124:135], 8)
