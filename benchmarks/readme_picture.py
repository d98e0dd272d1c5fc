"""The README's picture, from a finished run of the demo: real digits above, accepted synthetic ones below.

python benchmarks/readme_picture.py        # after `make demo`
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from gan_augment.core.samples import read_samples
from gan_augment.project.layout import Project

ROWS = 4  # pictures a class, of each origin
SCALE = 5
GAP = 1  # pixels of the 8 x 8 grid


def strip(images: np.ndarray) -> np.ndarray:
    """uint8 [n, 8, 8, 1] as one column of pictures with a white gap below each."""
    padded = np.pad(images[..., 0], ((0, 0), (0, GAP), (0, GAP)), constant_values=255)
    return padded.reshape(-1, padded.shape[2])


def main() -> None:
    project = Project.open(Path())
    curated = read_samples(project.layout.curated)
    columns = []
    for record in project.spec().classes:
        real = np.asarray(read_samples(project.layout.train(record.key)).payload)[:ROWS]
        synthetic = np.asarray(curated.of_class(record.label).payload)[:ROWS]
        between = np.full((4 * GAP, 8 + GAP), 255, dtype=np.uint8)
        columns.append(np.concatenate([strip(real), between, strip(synthetic)]))
    picture = np.concatenate(columns, axis=1)
    target = Path("docs/images/digits.png")
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.repeat(SCALE, axis=0).repeat(SCALE, axis=1)).save(target, optimize=True)
    print(target)


if __name__ == "__main__":
    main()
