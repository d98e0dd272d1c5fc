"""Read the shards with the Hugging Face `datasets` library, filter by origin, and train a linear model on the pixels.

pip install datasets
python examples/huggingface_datasets.py PROJECT      PROJECT: with `export.formats: [parquet]`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from datasets import load_dataset
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import ValidationView, read_samples


def main(project: Path) -> None:
    spec = DatasetSpec.load(project / "data/prepared/dataset.json")
    held_out = ValidationView(spec, read_samples(project / "data/prepared/validation"))
    truth = np.asarray(held_out.samples.payload).reshape(len(held_out), -1) / 255
    with tempfile.TemporaryDirectory() as cache:
        shards = load_dataset("parquet", data_dir=str(project / "export/parquet"), split="train", cache_dir=cache)
        print(shards.features["label"].names)
        for name, rows in (("real", shards.filter(lambda row: not row["synthetic"])), ("all", shards)):
            pixels = np.stack([np.asarray(image).ravel() for image in rows["image"]]) / 255
            model = LogisticRegression(max_iter=500).fit(pixels, rows["label"])
            score = balanced_accuracy_score(held_out.labels, model.predict(truth))
            print(f"{name:<5}{len(rows):>6} rows: balanced accuracy {score:.1%} on {len(truth)} real validation rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
