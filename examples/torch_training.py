"""Train a small CNN on the shards, with classical augmentation, and validate it on real rows.

python examples/torch_training.py PROJECT            PROJECT: the folder with export/ and data/prepared/
"""

from __future__ import annotations

import sys
from pathlib import Path

import albumentations
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

import gan_augment
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import ValidationView, read_samples

EPOCHS = 8


def network(channels: int, classes: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(128, classes)),
    )


def main(project: Path) -> None:
    torch.manual_seed(0)
    augment = albumentations.Compose([albumentations.Affine(translate_percent=0.08, rotate=(-8, 8), p=0.8)], seed=0)
    train = gan_augment.load(project / "export", transform=augment)
    loader = DataLoader(train, batch_size=32, shuffle=True)

    # Validation rows are real and were never exported: read them where `prepare` put them.
    spec = DatasetSpec.load(project / "data/prepared/dataset.json")
    held_out = ValidationView(spec, read_samples(project / "data/prepared/validation"))
    pixels = np.asarray(held_out.samples.payload)
    images, labels = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255, torch.from_numpy(held_out.labels)

    model = network(images.shape[1], len(train.labels))
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(EPOCHS):
        for batch, targets in loader:
            loss = nn.functional.cross_entropy(model(batch), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.inference_mode():
            accuracy = (model(images).argmax(1) == labels).float().mean()
        print(
            f"epoch {epoch + 1}: loss {loss.item():.3f}, accuracy on {len(labels)} real validation rows {accuracy:.1%}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
