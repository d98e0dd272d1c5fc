"""Small tasks for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, Field, FrameField, ImageSpec, Role, TextSpec
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.scoring.tasks.classification import Classification


def classes(count: int) -> Classification:
    """The task of a data set of so many classes."""
    records = tuple(ClassRecord(key=f"c{place}", label=f"class {place}") for place in range(count))
    image = ImageSpec(height=8, width=8, channels=1)
    return Classification(DatasetSpec(name="toy", modality="image", classes=records, image=image))


HAIR, GLASSES = ("black", "blond", "red"), ("no", "yes")


def attribute_spec(count: int = 2) -> DatasetSpec:
    """Images of so many classes with two attributes, which are what is learnt."""
    columns = tuple(Column(name=name, kind="categorical", dtype="string") for name in ("hair", "glasses"))
    beside: dict[Role, Field] = {"attributes": FrameField(columns=columns)}
    whole = classes(count).spec.model_dump() | {"companions": beside, "target": "attributes"}
    return DatasetSpec.model_validate(whole)


def attribute_samples(
    spec: DatasetSpec, rows: int, *, seed: int = 0, gaps: float = 0.1, split: str = "train"
) -> Samples:
    """Images whose upper half is as bright as the hair, and the lower half as bright as there are glasses.

    Most rows of the first class have black hair. A share `gaps` of the values is missing.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(spec.classes), size=rows)
    hair = np.where((labels == 0) & (rng.random(rows) < 0.7), 0, rng.integers(len(HAIR), size=rows))
    glasses = rng.integers(len(GLASSES), size=rows)
    images = rng.integers(0, 40, size=(rows, 8, 8, 1)).astype(np.uint8)
    images[:, :4] += (100 * hair).astype(np.uint8)[:, None, None, None]
    images[:, 4:] += (180 * glasses).astype(np.uint8)[:, None, None, None]
    frame = pd.DataFrame(
        {"hair": np.array(HAIR, dtype=object)[hair], "glasses": np.array(GLASSES, dtype=object)[glasses]}
    )
    frame = frame.mask(rng.random(frame.shape) < gaps).astype("string")
    ids = [f"{split}{seed}-{place}" for place in range(rows)]
    named = np.array(spec.labels, dtype=object)[labels]
    manifest = make_manifest(rows, id=ids, label=named, split=split, origin="real", group=ids)
    return Samples(manifest, images, {"attributes": frame})


LETTERS = "abc"


def string_spec(*, shortest: int = 3, longest: int = 4, count: int = 2) -> DatasetSpec:
    """Images of 8 x 16 px with strings of these lengths, which are what is learnt."""
    beside: dict[Role, Field] = {"text": FrameField(columns=(Column(name="text", kind="categorical", dtype="string"),))}
    text = TextSpec(alphabet=LETTERS, shortest=shortest, longest=longest)
    image = ImageSpec(height=8, width=16, channels=1)
    whole = classes(count).spec.model_dump() | {"image": image, "companions": beside, "target": "text", "text": text}
    return DatasetSpec.model_validate(whole)


def string_samples(
    spec: DatasetSpec, rows: int, *, seed: int = 0, split: str = "train", origin: str = "real"
) -> Samples:
    """Every letter is four columns wide: bright above, bright below, or bright in the middle."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(spec.strings.shortest, spec.strings.longest + 1, rows)
    letters = rng.integers(len(LETTERS), size=(rows, 4))
    images = rng.integers(0, 60, size=(rows, 8, 16, 1)).astype(np.uint8)
    for row in range(rows):
        for place in range(sizes[row]):
            top = (0, 5, 2)[letters[row, place]]
            images[row, top : top + 3, 4 * place : 4 * place + 3] += 180
    texts = ["".join(LETTERS[letter] for letter in letters[row, : sizes[row]]) for row in range(rows)]
    ids = [f"{split}{seed}-{place}" for place in range(rows)]
    named = [spec.labels[row % len(spec.labels)] for row in range(rows)]
    manifest = make_manifest(rows, id=ids, label=named, split=split, origin=origin, group=ids)
    return Samples(manifest, images, {"text": pd.DataFrame({"text": pd.array(texts, dtype="string")})})
