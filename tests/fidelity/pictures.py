"""Drawn pictures whose numbers of parts, perspective and structure are known."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def discs(counts: Labels, seed: int, side: int = 48, radius: int = 3) -> Images:
    """Each image with that many discs (at most 8 find a place), none touching another, bright on dark."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    out = np.zeros((len(counts), side, side, 1), dtype=np.uint8)
    for image, count in zip(out, counts, strict=True):
        places: list[npt.NDArray[np.int64]] = []
        while len(places) < count:
            place = rng.integers(radius + 1, side - radius - 1, 2)
            if all(np.hypot(*(place - other)) > 2 * radius + 3 for other in places):
                places.append(place)
                image[np.hypot(y - place[0], x - place[1]) <= radius] = 220
    return np.clip(out + rng.normal(10, 4, out.shape), 0, 255).astype(np.uint8)


def grids(count: int, seed: int, fault: str = "none", side: int = 64) -> Images:
    """A window of bars seen from anywhere; faults: "quadrants" (sheared apart), "waves" (bent lines)."""
    rng = np.random.default_rng(seed)
    fine = 2 * side
    base = np.full((fine, fine), 50, dtype=np.uint8)
    for k in range(0, fine, fine // 6):
        base[k : k + 6] = base[:, k : k + 6] = 190
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * fine
    out = []
    for _ in range(count):
        seen = (0.2 + 0.6 * corners / fine + rng.uniform(-0.13, 0.13, (4, 2))) * fine
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
        image = np.asarray(cv2.warpPerspective(base, matrix, (fine, fine), borderValue=120), dtype=np.uint8)
        if fault == "quadrants":
            image = _sheared_quadrants(image, rng)
        if fault == "waves":
            image = _bent(image, rng)
        small = np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA))
        out.append(np.clip(small + rng.normal(0, 4, small.shape), 0, 255).astype(np.uint8))
    return np.array(out)[..., None]


def _sheared_quadrants(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    out, half = image.copy(), len(image) // 2
    for top in (0, half):
        for left in (0, half):
            shear = rng.uniform(-0.25, 0.25)
            matrix = np.array([[1, shear, -shear * half / 2], [0, 1, 0]], dtype=np.float32)
            part = image[top : top + half, left : left + half]
            out[top : top + half, left : left + half] = cv2.warpAffine(part, matrix, (half, half), borderValue=120)
    return out


def _bent(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[: len(image), : len(image)].astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi)
    x2, y2 = (x + 3 * np.sin(y / 9 + phase)).astype(np.float32), (y + 3 * np.sin(x / 9 + phase)).astype(np.float32)
    return np.asarray(cv2.remap(image, x2, y2, cv2.INTER_LINEAR, borderValue=120), dtype=np.uint8)


def digit_halves(seed: int, count: int = 450) -> tuple[Images, Labels, Images, Labels]:
    """Two disjoint sets of scikit-learn's digits, 8 x 8 px in 17 grey levels, with their labels."""
    digits = load_digits()
    images = np.rint(digits.images * 255 / 16).astype(np.uint8)[..., None]
    order = np.random.default_rng(seed).permutation(len(images))
    first, second = order[:count], order[count : 2 * count]
    labels = digits.target.astype(np.int64)
    return images[first], labels[first], images[second], labels[second]


def patches_exchanged(images: Images, labels: Labels, seed: int) -> Images:
    """Every quarter of every image from another image of its class: each patch is real, their arrangement is not."""
    rng = np.random.default_rng(seed)
    out, half = images.copy(), images.shape[1] // 2
    for index in np.unique(labels):
        members = np.flatnonzero(labels == index)
        for top in (0, half):
            for left in (0, half):
                quarter = images[rng.permutation(members), top : top + half, left : left + half]
                out[members, top : top + half, left : left + half] = quarter
    return out
