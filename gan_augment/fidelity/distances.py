"""Distances between rows, and between sets of rows: plain NumPy on float arrays [n, d].

All but `nearest` are symmetric; the asymmetric measures (precision, coverage, copying) are in the other modules.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

__all__ = [
    "CHUNK",
    "check_rows",
    "frechet_distance",
    "kernel_distance",
    "kth_neighbour_distance",
    "mean_pairwise_distance",
    "nearest",
]

Rows = npt.NDArray[np.floating]
CHUNK = 1024  # rows of a distance block: 1024 x 20,000 float64 is 160 MB


def nearest(queries: Rows, targets: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Distance float64 [q] and index int64 [q] of each query's nearest target; `targets` must not be empty."""
    check_rows(queries, targets)
    distance = np.empty(len(queries))
    index = np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), CHUNK):
        block = cdist(queries[start : start + CHUNK], targets)
        best = block.argmin(axis=1)
        index[start : start + CHUNK] = best
        distance[start : start + CHUNK] = block[np.arange(len(block)), best]
    return distance, index


def kth_neighbour_distance(rows: Rows, k: int) -> npt.NDArray[np.float64]:
    """Distance float64 [n] of each row to its k-th nearest other row (itself not counted); needs k < n."""
    if not 0 < k < len(rows):
        raise ValueError(f"k={k} neighbours asked of {len(rows)} rows")
    radii = [
        np.partition(cdist(rows[start : start + CHUNK], rows), k, axis=1)[:, k] for start in range(0, len(rows), CHUNK)
    ]
    return np.concatenate(radii)


def kernel_distance(real: Rows, synthetic: Rows) -> float:
    """KID: unbiased squared maximum mean discrepancy with the kernel (x.y / d + 1)^3; needs 2 rows on each side.

    0 in expectation for equal distributions (so it may come out slightly negative), and unbiased at any sample
    size, unlike the Fréchet distance. Bińkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", 1801.01401.
    """
    check_rows(real, synthetic)
    n, m = len(real), len(synthetic)
    if min(n, m) < 2:
        raise ValueError(f"kernel distance needs 2 rows on each side, got {n} and {m}")
    within_real = (_kernel_sum(real, real) - _kernel_diagonal(real)) / (n * (n - 1))
    within_synthetic = (_kernel_sum(synthetic, synthetic) - _kernel_diagonal(synthetic)) / (m * (m - 1))
    return float(within_real + within_synthetic - 2 * _kernel_sum(real, synthetic) / (n * m))


def _kernel_sum(a: Rows, b: Rows) -> float:
    b64 = b.astype(np.float64)
    chunks = (a[start : start + CHUNK].astype(np.float64) for start in range(0, len(a), CHUNK))
    return float(sum(((chunk @ b64.T / a.shape[1] + 1) ** 3).sum() for chunk in chunks))


def _kernel_diagonal(a: Rows) -> float:
    a64 = a.astype(np.float64)
    return float((((a64 * a64).sum(axis=1) / a.shape[1] + 1) ** 3).sum())


def frechet_distance(real: Rows, synthetic: Rows) -> float:
    """Squared Fréchet distance of the two Gaussians with the rows' means and covariances; needs 2 rows on each side.

    Biased upward by about d / n: compare only at equal counts, and with n of at least 10 d. In features that are not
    Inception's it is not "FID". Heusel et al. 2017, 1706.08500; the trace term by symmetric eigenvalues, which stays
    real where a general matrix root does not.
    """
    check_rows(real, synthetic)
    if min(len(real), len(synthetic)) < 2:
        raise ValueError(f"Fréchet distance needs 2 rows on each side, got {len(real)} and {len(synthetic)}")
    shift = real.mean(axis=0, dtype=np.float64) - synthetic.mean(axis=0, dtype=np.float64)
    cov_real, cov_synthetic = _covariance(real), _covariance(synthetic)
    root = _symmetric_root(cov_real)
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_synthetic @ root), 0, None)).sum()
    return float(shift @ shift + np.trace(cov_real) + np.trace(cov_synthetic) - 2 * cross)


def _covariance(rows: Rows) -> npt.NDArray[np.float64]:
    return np.atleast_2d(np.cov(rows.astype(np.float64), rowvar=False))


def _symmetric_root(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    root: npt.NDArray[np.float64] = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def mean_pairwise_distance(rows: Rows) -> float:
    """Mean Euclidean distance of two different rows; needs 2 rows."""
    if len(rows) < 2:
        raise ValueError(f"a pairwise distance needs 2 rows, got {len(rows)}")
    total = sum(cdist(rows[start : start + CHUNK], rows).sum() for start in range(0, len(rows), CHUNK))
    return float(total / (len(rows) * (len(rows) - 1)))


def check_rows(a: Rows, b: Rows) -> None:
    """Raise ValueError unless both are two-dimensional and of one width."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"rows of one width are compared, got shapes {a.shape} and {b.shape}")
