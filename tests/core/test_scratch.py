from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core import scratch
from gan_augment.core.records import ImageSpec
from gan_augment.core.scratch import fingerprint, keep_only


def test_the_name_follows_every_fact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows"
    file.write_text("a")
    image = ImageSpec(height=8, width=8, channels=1)
    names = [fingerprint("a", 1, image, file), fingerprint("a", 2, image, file), fingerprint("a", 1, image)]
    names.append(fingerprint("a", 1, image.model_copy(update={"width": 9}), file))
    file.write_text("b")
    names.append(fingerprint("a", 1, image, file))
    file.write_text("a")
    assert fingerprint("a", 1, image, file) == names[0]
    monkeypatch.setattr(scratch, "__version__", "another")
    names.append(fingerprint("a", 1, image, file))
    assert len(set(names)) == len(names)


def test_a_fact_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no fingerprint"):
        fingerprint(object())


def test_what_other_facts_left_goes(tmp_path: Path) -> None:
    own, other = tmp_path / "work" / fingerprint(1), tmp_path / "work" / fingerprint(2)
    assert keep_only(own) == own
    for folder in (own, other):
        folder.mkdir(parents=True)
        (folder / "rows").touch()
    (tmp_path / "work" / "loose").touch()
    keep_only(own)
    assert [path.name for path in (tmp_path / "work").rglob("*")] == [own.name, "rows"]
