"""How often a mixing ratio above 0 is chosen, and "helps" said, where synthetic rows do nothing and where they help.

    python -m benchmarks.ratio_power [experiments]

Simulated classifiers of known skill (tests/gain/simulation.py): six classes, two of them rare in training; ratio 0 and
four others, three seeds each; 10, 20 or 40 validation rows and 150 test rows a class. Three criteria choose: balanced
accuracy as it is, class-balanced log loss as it is, and the product's (the same after logit adjustment and a
temperature). Whatever chose, both arms are adjusted before the test rows judge. Prints a Markdown table; about
5 CPU-minutes for 400 experiments.
"""

from __future__ import annotations

import sys

from gan_augment.scoring.criterion import Criterion
from tests.gain.simulation import CoarseCriterion, RawLossCriterion, Skill, verdict_of

RATIOS = (0.5, 1.0, 2.0, 3.0)
SETTINGS = {
    "nothing": Skill(),
    "nothing, but less sure of itself": Skill(sure=0.7),
    "a small gain": Skill(rare=0.4),
}
CRITERIA = {"balanced accuracy": CoarseCriterion, "raw log loss": RawLossCriterion, "adjusted log loss": Criterion}


def main(experiments: int) -> None:
    """Print the table."""
    print("| synthetic rows do | validation rows a class | chosen by | ratio above 0 | helps | hurts |")
    print("|---|---|---|---|---|---|")
    for name, skill in SETTINGS.items():
        skills = {0.0: Skill(), **dict.fromkeys(RATIOS, skill)}
        for rows in (10, 20, 40):
            for criterion, kind in CRITERIA.items():
                found = [verdict_of(kind, seed, skills, validation=rows, test=150) for seed in range(experiments)]
                shares = [
                    sum(ratio > 0 for ratio, _ in found),
                    sum(verdict == "helps" for _, verdict in found),
                    sum(verdict == "hurts" for _, verdict in found),
                ]
                figures = " | ".join(f"{100 * share / experiments:.1f} %" for share in shares)
                print(f"| {name} | {rows} | {criterion} | {figures} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
