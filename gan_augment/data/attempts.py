"""Work on many files, some of which cannot be read: results and failure reasons, by place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gan_augment.core.progress import Advance
from gan_augment.data.images import UnreadableImageError

__all__ = ["MAX_THREADS", "attempt"]

MAX_THREADS = 4  # Pillow decodes without holding the GIL
Handle = TypeVar("Handle")
Result = TypeVar("Result")


def attempt(
    work: Callable[[Handle], Result], handles: Mapping[int, Handle], advance: Advance, note: str
) -> tuple[dict[int, Result], dict[int, str]]:
    """Results by place, and by place the reasons for those that failed."""

    def guarded(handle: Handle) -> Result | UnreadableImageError:
        try:
            return work(handle)
        except UnreadableImageError as error:
            return error
        except OSError as error:
            return UnreadableImageError(error.strerror or str(error) or type(error).__name__)

    good: dict[int, Result] = {}
    bad: dict[int, str] = {}
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        for done, (place, result) in enumerate(zip(handles, pool.map(guarded, handles.values()), strict=True), start=1):
            if isinstance(result, UnreadableImageError):
                bad[place] = str(result)
            else:
                good[place] = result
            advance(done, len(handles), note)
    return good, bad
