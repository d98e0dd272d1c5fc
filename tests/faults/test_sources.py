"""Whatever happens to the user's data, it is told, or every entry of it is accounted for: sources x damage.

12 cases a source by default, 2,000 in `make nightly`. Damage is done to the bytes of the files, and to the files.
"""

from __future__ import annotations

import io
import random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan_augment.core.errors import GanAugmentError
from gan_augment.data.config import PrepareConfig
from gan_augment.data.loading import load_data

Settings = dict[str, Any]
ROWS = 16
MOST_CHARACTERS = 6000
CAME = {"told", "warned", "unharmed"}
COUNTED = ("tar", "npz", "parquet")  # formats that say how much they hold; of a folder or a text nothing does


def png(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def label(number: int) -> str:
    return "cat" if number % 2 else "dog"


def folder(root: Path) -> Settings:
    for number in range(ROWS):
        (root / label(number)).mkdir(exist_ok=True)
        (root / label(number) / f"{number:02}.png").write_bytes(png(number))
    return {"kind": "image_folder", "path": "."}


def listed(root: Path) -> Settings:
    for number in range(ROWS):
        (root / f"{number:02}.png").write_bytes(png(number))
    rows = {"path": [f"{number:02}.png" for number in range(ROWS)], "label": [label(number) for number in range(ROWS)]}
    pd.DataFrame(rows).to_csv(root / "list.csv", index=False)
    return {"kind": "image_manifest", "path": "list.csv", "image": "path", "target": "label"}


def tar(root: Path) -> Settings:
    with tarfile.open(root / "a.tar", "w") as archive:
        for number in range(ROWS):
            for ending, content in (("png", png(number)), ("cls", label(number).encode())):
                member = tarfile.TarInfo(f"{number:02}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return {"kind": "webdataset", "path": "a.tar"}


def npz(root: Path) -> Settings:
    images = np.stack([np.asarray(Image.open(io.BytesIO(png(number)))) for number in range(ROWS)])
    labels = np.arange(ROWS)[:, None] % 2
    parts = {"train": slice(0, 8), "val": slice(8, 12), "test": slice(12, ROWS)}
    arrays = {f"{part}_images": images[rows] for part, rows in parts.items()}
    np.savez_compressed(root / "a.npz", **arrays, **{f"{part}_labels": labels[rows] for part, rows in parts.items()})
    return {"kind": "npz", "path": "a.npz"}


def table(root: Path, ending: str = "csv") -> Settings:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=ROWS).round(3),
            "n": rng.integers(0, 9, ROWS),
            "day": pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d"),
            "y": [label(number) for number in range(ROWS)],
        }
    )
    write = frame.to_csv if ending == "csv" else frame.to_parquet
    write(root / f"t.{ending}", index=False)
    return {"kind": "table", "path": f"t.{ending}", "target": "y"}


SOURCES: dict[str, Callable[[Path], Settings]] = {
    "folder": folder,
    "list": listed,
    "tar": tar,
    "npz": npz,
    "csv": table,
    "parquet": lambda root: table(root, "parquet"),
}


# ---- damage


def flip(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 8, 64))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def cut(file: Path, chance: random.Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content) + 1)])


def overwrite(file: Path, chance: random.Random) -> None:
    """A block of zeros, of noise or of the file itself, as a bad disk or a broken copy leaves it."""
    content = bytearray(file.read_bytes())
    start, length = chance.randrange(len(content) + 1), chance.choice((1, 16, 512))
    block = chance.choice((bytes(length), chance.randbytes(length), bytes(content[:length])))
    content[start : start + length] = block
    file.write_bytes(content)


def grow(file: Path, chance: random.Random) -> None:
    file.write_bytes(file.read_bytes() + chance.choice((b"\0", b"\n", b"x" * 700, file.read_bytes())))


def remove(file: Path, chance: random.Random) -> None:
    del chance
    file.unlink()


def swap(file: Path, chance: random.Random) -> None:
    """Another kind of thing under its name."""
    file.unlink()
    kind = chance.choice(("folder", "text", "link to nothing", "link to itself"))
    if kind == "folder":
        file.mkdir()
    elif kind == "text":
        file.write_text("not what it was\n")
    else:
        file.symlink_to("nowhere" if kind == "link to nothing" else file.name)


DAMAGE = (flip, flip, cut, overwrite, grow, remove, swap)


def damaged(root: Path, chance: random.Random) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for file in chance.sample(files, min(len(files), chance.choice((1, 1, 3)))):
        chance.choice(DAMAGE)(file, chance)


def cases(source: str, tmp_path: Path, count: int) -> Iterator[str]:
    """What came of each case: told (an error), warned, or unharmed."""
    whole = tmp_path / "whole"
    whole.mkdir()
    config = PrepareConfig.model_validate({"source": SOURCES[source](whole)})
    unharmed = len(load_data(config, whole).rows)
    for seed in range(count):
        root = tmp_path / "damaged"
        shutil.copytree(whole, root)
        damaged(root, random.Random(f"{source} {seed}"))
        try:
            data = load_data(config, root)
        except GanAugmentError as error:
            told = error.where is not None and len(error.render()) < MOST_CHARACTERS
            yield "told" if told else f"case {seed}, without a place or end: {error.render()[:MOST_CHARACTERS]}"
        else:
            # `RawData` has compared the entries with the samples and what was left out.
            assert len(data.rows) == len(data.payload), seed
            in_silence = len(data.rows) < unharmed and not data.problems
            assert not (in_silence and source in COUNTED), f"case {seed}: {unharmed - len(data.rows)} samples are gone"
            errors = any(problem.severity == "error" for problem in data.problems)  # which `prepare` stops at
            yield "told" if errors else "warned" if data.problems else "unharmed"
        finally:
            shutil.rmtree(root)


@pytest.mark.parametrize("source", SOURCES)
def test_damage_is_told_or_every_entry_is_accounted_for(source: str, tmp_path: Path) -> None:
    assert {"told"} <= set(cases(source, tmp_path, 12)) <= CAME


@pytest.mark.nightly
@pytest.mark.parametrize("source", SOURCES)
def test_two_thousand_cases_of_damage(source: str, tmp_path: Path) -> None:
    came = list(cases(source, tmp_path, 2_000))
    assert set(came) <= CAME
    print({kind: came.count(kind) for kind in sorted(set(came))})
