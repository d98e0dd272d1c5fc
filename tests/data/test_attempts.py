from __future__ import annotations

from gan_augment.core.progress import silent
from gan_augment.data.attempts import attempt
from gan_augment.data.images import UnreadableImageError


def test_results_and_reasons_by_place() -> None:
    def work(handle: str) -> str:
        if handle == "bad":
            raise UnreadableImageError("damaged")
        if handle == "gone":
            raise FileNotFoundError(2, "No such file or directory")
        return handle.upper()

    good, bad = attempt(work, {3: "a", 5: "bad", 6: "gone", 9: "b"}, silent, "")
    assert good == {3: "A", 9: "B"}
    assert bad == {5: "damaged", 6: "No such file or directory"}
