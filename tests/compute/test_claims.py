"""One GPU, one training: tried with processes, because a lock is between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_augment.compute.claims import CLAIMED, claim_device, visible_gpus
from gan_augment.core.errors import DeviceError
from tests.patience import HANG

HOLD = """
import sys, time
from pathlib import Path
from gan_augment.compute.claims import claim_device
with claim_device(sys.argv[1], share=int(sys.argv[2]), gpus=sys.argv[3].split(","), folder=Path(sys.argv[4])) as gpu:
    import os
    print(gpu, os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.readline()
"""


class Holder:
    """Another process that holds, or waits for, a device."""

    def __init__(self, folder: Path, device: str = "cuda", share: int = 1, gpus: str = "0") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, device, str(share), gpus, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "DVC_STAGE": "train_gan@cat"},
        )  # fmt: skip

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate("\n", timeout=HANG)


@pytest.fixture(autouse=True)
def _no_claim_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CLAIMED, raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def holders(tmp_path: Path) -> Iterator[list[Holder]]:
    started: list[Holder] = []
    yield started
    for holder in started:
        holder.process.kill()
        holder.process.communicate()


def test_the_second_training_takes_the_second_gpu(tmp_path: Path, holders: list[Holder]) -> None:
    for _ in range(2):
        holders.append(Holder(tmp_path, gpus="0,1"))
        assert holders[-1].line() == f"{len(holders) - 1} {len(holders) - 1}"


def test_the_third_waits_and_says_for_whom_until_one_ends(tmp_path: Path, holders: list[Holder]) -> None:
    holders.append(Holder(tmp_path))
    assert holders[0].line() == "0 0"
    holders.append(Holder(tmp_path))
    assert holders[1].line() == f"waiting for a GPU: 0 is held by process {holders[0].process.pid} train_gan@cat"
    holders[0].end()
    assert holders[1].line() == "0 0"


def test_a_killed_training_frees_its_gpu(tmp_path: Path, holders: list[Holder]) -> None:
    holders.append(Holder(tmp_path))
    assert holders[0].line() == "0 0"
    os.kill(holders[0].process.pid, signal.SIGKILL)
    with claim_device("cuda", gpus=["0"], folder=tmp_path) as gpu:
        assert gpu == "0"


def test_small_trainings_share_and_one_that_does_not_waits_for_all(tmp_path: Path, holders: list[Holder]) -> None:
    for _ in range(2):
        holders.append(Holder(tmp_path, share=2))
        assert holders[-1].line() == "0 0"
    holders.append(Holder(tmp_path, share=2))
    assert "waiting" in holders[2].line()  # both slots are taken
    holders.append(Holder(tmp_path, share=1))
    assert "waiting" in holders[3].line()
    holders[0].end()
    assert holders[2].line() == "0 0"
    holders[1].end()
    holders[2].end()
    assert holders[3].line() == "0 0"


def test_a_child_does_not_keep_the_lock_of_its_parent(tmp_path: Path) -> None:
    with claim_device("cuda", gpus=["0"], folder=tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(7200)"], close_fds=False)
    try:
        with claim_device("cuda", gpus=["0"], folder=tmp_path) as gpu:
            assert gpu == "0"
        assert child.poll() is None  # it was not waited for
    finally:
        child.kill()
        child.wait()


def test_the_environment_is_the_claims_and_then_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b,GPU-a")
    with claim_device("cuda:1", folder=tmp_path) as gpu:
        assert gpu == os.environ["CUDA_VISIBLE_DEVICES"] == os.environ[CLAIMED] == "GPU-a"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-b,GPU-a"
    assert CLAIMED not in os.environ


def test_a_process_that_has_a_claim_does_not_wait_for_itself(tmp_path: Path) -> None:
    with claim_device("cuda", gpus=["0"], folder=tmp_path), claim_device("cuda", gpus=["0"], folder=tmp_path) as inner:
        assert inner is None
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


@pytest.mark.parametrize(("device", "gpus"), [("cpu", ["0"]), ("mps", ["0"]), ("auto", [])])
def test_where_no_gpu_is_used_nothing_is_claimed(device: str, gpus: list[str], tmp_path: Path) -> None:
    with claim_device(device, gpus=gpus, folder=tmp_path / "locks") as gpu:
        assert gpu is None
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not (tmp_path / "locks").exists()


@pytest.mark.parametrize(("device", "gpus"), [("cuda", []), ("cuda:1", ["0"])])
def test_a_gpu_that_is_not_there_is_refused(device: str, gpus: list[str], tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="not available"), claim_device(device, gpus=gpus, folder=tmp_path):
        pass


@pytest.mark.parametrize(("visible", "expected"), [("", []), ("-1", []), ("2", ["2"]), ("0, GPU-a", ["0", "GPU-a"])])
def test_the_visible_gpus_are_cudas(visible: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpus() == expected


def test_claiming_does_not_import_torch() -> None:
    code = "import sys; import gan_augment.compute.claims; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"  # noqa: PLW1510
