"""Check that dvc.yaml, which the user may edit, agrees with params.yaml."""

from __future__ import annotations

from pathlib import Path

from gan_augment.core.errors import ParamsError
from gan_augment.data.config import PrepareConfig

__all__ = ["POOL", "check_pool_is_tracked", "has_rivals_stage"]

POOL = "data/prepared/pool"
_RIVALS = "gan-augment rivals"  # the command of the stage


def check_pool_is_tracked(root: Path, config: PrepareConfig) -> None:
    """Refuse a pool that dvc.yaml does not name: DVC would neither store it nor notice changes.

    Raises ParamsError, in the reverse case too. A folder without dvc.yaml is not a DVC project, and is not checked.
    """
    path = root / "dvc.yaml"
    if not path.is_file() or (POOL in path.read_text(encoding="utf-8", errors="replace")) == (config.pool is not None):
        return
    if config.pool is None:
        raise ParamsError(
            "There is no pool in params.yaml, but dvc.yaml names one, so DVC would stop",
            where="prepare.pool in params.yaml",
            got="none",
            remedy=f"take {POOL} and ${{prepare.pool.path}} out of dvc.yaml, or run `gan-augment init` with --force",
        )
    raise ParamsError(
        "There is a pool in params.yaml, but dvc.yaml does not name it",
        where="prepare.pool in params.yaml",
        got=f"no {POOL} in {path.name}",
        expected=f"{POOL} in the outs of prepare and the deps of pretrain, train_gan, generate, curate, cross_fit "
        "and rivals",
        remedy="run `gan-augment init` again with --force and --set 'prepare.pool={kind: ..., path: ...}': it writes "
        "dvc.yaml anew and keeps the old one as .bak",
    )


def has_rivals_stage(root: Path) -> bool:
    """Whether dvc.yaml runs the stage `rivals`, which one of an older version does not; so where there is none."""
    path = root / "dvc.yaml"
    return not path.is_file() or _RIVALS in path.read_text(encoding="utf-8", errors="replace")
