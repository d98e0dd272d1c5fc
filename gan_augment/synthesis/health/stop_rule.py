"""When to stop: the classic equilibrium, made testable.

At the optimum the generator's distribution is the data's, and no discriminator does better than a coin (Goodfellow et
al. 2014, section 4). The training discriminator's 50 % proves nothing: it also reads 50 % when it is untrained, too
weak, or collapsed. So the judge is a fresh critic, trained at every check on half of the held-out reals and of the
synthetic rows and asked about the other half (Lopez-Paz & Oquab 2017, arXiv 1610.06545).

Two rules, and a cap:
- `equilibrium`: the strongest fresh critic cannot tell (p > 0.05, with enough rows to tell if it could): stop now.
- `no improvement`: the critic came near to a coin once (accuracy at most 0.5 + `NEAR`), and the validation score
  has not improved for `patience` checks: stop, and keep the best snapshot.
- `length`: the cap; without near-equilibrium nothing else ends a run early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MIN_CRITIC_ROWS", "NEAR", "Check", "stop_reason"]

NEAR = 0.10
# With 200 test rows a critic that is right 59 % of the time is found out 4 times in 5; with fewer rows a pass is luck.
MIN_CRITIC_ROWS = 200


@dataclass(frozen=True)
class Check:
    """What one look at the held-out rows said: the score (higher is better) and the fresh critic's result."""

    score: float
    critic_accuracy: float
    critic_pvalue: float
    critic_rows: int

    @property
    def at_equilibrium(self) -> bool:
        """The fresh critic had enough rows and could not tell."""
        return self.critic_rows >= MIN_CRITIC_ROWS and self.critic_pvalue > 0.05


def stop_reason(checks: Sequence[Check], patience: int) -> str | None:
    """Why to stop after the last of `checks`, or None."""
    if not checks:
        return None
    if checks[-1].at_equilibrium:
        return "equilibrium"
    if not any(check.critic_accuracy <= 0.5 + NEAR for check in checks):
        return None
    best = max(range(len(checks)), key=lambda i: checks[i].score)
    return "no improvement" if len(checks) - 1 - best >= patience else None
