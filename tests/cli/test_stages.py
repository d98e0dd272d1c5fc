"""A stage that computes on a device claims it, before torch is imported."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_augment.cli.stages import STAGES, run_stage
from gan_augment.compute import claims


def test_the_stages_that_read_the_device_are_those_that_claim_one() -> None:
    found = set()
    for name in STAGES:
        spec = importlib.util.find_spec(f"gan_augment.stages.{name}")
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text(encoding="utf-8")
        if "base.device" in text and "claim_device" not in text:  # `cross_fit` claims one for each training
            found.add(name)
    assert found == {name for name, stage in STAGES.items() if stage.on_device}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str | None]]:
    """What CUDA_VISIBLE_DEVICES is when the stage runs; the stage `pretrain` is replaced by one that looks."""
    seen: list[str | None] = []
    module = types.ModuleType("gan_augment.stages.pretrain")
    module.run = lambda project: seen.append(claims.os.environ.get("CUDA_VISIBLE_DEVICES"))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gan_augment.stages.pretrain", module)
    monkeypatch.setenv("GAN_AUGMENT_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    monkeypatch.delenv(claims.CLAIMED, raising=False)
    return seen


@pytest.mark.parametrize(("device", "expected"), [("cuda:1", "5"), ("auto", "4"), ("cpu", "4,5")])
def test_a_stage_runs_with_the_claimed_gpu_alone(
    device: str, expected: str, seen: list[str | None], tmp_path: Path
) -> None:
    text = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace("device: auto", f"device: {device}"))
    run_stage(STAGES["pretrain"], tmp_path, None)
    assert seen == [expected]
