"""How often the gain's 95 % interval covers the truth, beside a plain percentile bootstrap over seeds and rows.

    python benchmarks/interval_coverage.py [experiments]

Simulated classifiers: rows differ in difficulty, arms in how they take a row, seeds in skill, and the rest is luck.
The true gain is known by a simulation of two million rows. Prints a Markdown table; about two minutes for 2,000.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.scoring.statistics import Resampled, TestRows, interval


@dataclass(frozen=True)
class Setting:
    """Sizes, and standard deviations in logits; `alike`: seeds err on the same rows (a classifier without chance)."""

    name: str
    classes: int = 10
    rows: int = 36
    seeds: int = 5
    gain: float = 0.0
    row_spread: float = 2.0
    arm_spread: float = 0.5
    seed_spread: float = 0.2
    base: float = 4.0
    alike: bool = False


SETTINGS = (
    Setting("10 x 36 rows, no gain"),
    Setting("10 x 36 rows, a gain", gain=0.3),
    Setting("seeds alike", seed_spread=0.0, alike=True),
    Setting("seeds differ only in which rows they miss", seed_spread=0.0, arm_spread=0.0),
    Setting("seeds of unequal skill", seed_spread=0.5),
    Setting("2 x 60 rows, seeds of very unequal skill", 2, 60, row_spread=1, arm_spread=0.2, seed_spread=1, base=2),
    Setting("2 x 60 rows, 3 seeds", 2, 60, 3, row_spread=1, arm_spread=0.2, seed_spread=0.4, base=2),
    Setting("3 x 8 rows", 3, 8, base=3),
)


def simulate(setting: Setting, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """float64 [seeds, n]: correct with synthetic data minus correct without, row by row."""
    count = setting.classes * setting.rows
    difficulty = rng.normal(0, setting.row_spread, (1, count))
    right = []
    for advantage in (0.0, setting.gain):
        taste = rng.normal(0, setting.arm_spread, (1, count))
        skill = rng.normal(0, setting.seed_spread, (setting.seeds, 1))
        luck = rng.logistic(size=(1 if setting.alike else setting.seeds, count))
        right.append(setting.base + advantage + difficulty + taste + skill + luck > 0)
    return right[1].astype(float) - right[0]


def truth(setting: Setting) -> float:
    """The expected gain."""
    rng = np.random.default_rng(1)
    spread = np.sqrt(setting.row_spread**2 + setting.arm_spread**2 + setting.seed_spread**2)
    noise = rng.normal(0, spread, 2_000_000) + rng.logistic(size=2_000_000)
    return float((setting.base + setting.gain + noise > 0).mean() - (setting.base + noise > 0).mean())


def coverage(setting: Setting, experiments: int) -> tuple[float, float, float, float]:
    """Of our interval: how often it covers, how often it lies wholly above the truth, its width; then the bootstrap's
    coverage."""
    rng, wanted = np.random.default_rng(0), truth(setting)
    labels = np.repeat(np.arange(setting.classes), setting.rows)
    sets = TestRows(labels, draws=400, generator=np.random.default_rng(2))
    weights = sets.weights / len(labels)
    seeds_drawn = rng.multinomial(setting.seeds, np.full(setting.seeds, 1 / setting.seeds), 400) / setting.seeds
    covered, above, width, plain = 0, 0, 0.0, 0
    for _ in range(experiments):
        differences = simulate(setting, rng)
        draws = weights @ differences.T
        ours = interval(Resampled(differences.mean(axis=1), draws), sets.strata, resolution=1 / len(labels))
        low, high = np.quantile((draws * seeds_drawn).sum(axis=1), [0.025, 0.975])
        covered += ours.low <= wanted <= ours.high
        above += ours.low > wanted
        width += ours.high - ours.low
        plain += low <= wanted <= high
    return covered / experiments, above / experiments, 100 * width / experiments, plain / experiments


def main() -> None:
    """Print the table."""
    experiments = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print("| setting | covers | lies above the truth | mean width, points | percentile bootstrap covers |")
    print("|---|---|---|---|---|")
    for setting in SETTINGS:
        ours, above, width, plain = coverage(setting, experiments)
        print(f"| {setting.name} | {ours:.1%} | {above:.1%} | {width:.1f} | {plain:.1%} |", flush=True)


if __name__ == "__main__":
    main()
