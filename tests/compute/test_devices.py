"""Which device a name stands for on this machine, and how many threads compute."""

from __future__ import annotations

import pytest
import torch

from gan_augment.compute.claims import CLAIMED
from gan_augment.compute.devices import limited_threads, resolve_device
from gan_augment.core.errors import DeviceError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with neither kind of GPU."""
    monkeypatch.delenv(CLAIMED, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return monkeypatch


def test_auto_is_the_fastest_that_is_there(machine: pytest.MonkeyPatch) -> None:
    assert resolve_device("auto") == "cpu"
    machine.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == "mps"
    machine.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    assert resolve_device("cpu") == "cpu"  # what was asked for by name stays


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_not_there_is_told_with_what_is(name: str) -> None:
    with pytest.raises(DeviceError) as told:
        resolve_device(name)
    assert (told.value.got, told.value.expected) == (name, "cpu")
    assert "base.device to auto" in str(told.value.remedy)


def test_a_claimed_gpu_is_the_first_that_torch_sees(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("cuda:3") == "cuda:3"
    machine.setenv(CLAIMED, "3")
    assert resolve_device("cuda:3") == "cuda"


@pytest.mark.parametrize("ends", [None, ValueError])
def test_threads_are_put_back_however_it_ends(ends: type[Exception] | None) -> None:
    before = torch.get_num_threads()
    try:
        with limited_threads(before + 1):
            assert torch.get_num_threads() == before + 1
            if ends is not None:
                raise ends
    except ValueError:
        pass
    assert torch.get_num_threads() == before


def test_zero_is_a_thread_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 5, 7})
    with limited_threads(0):
        assert torch.get_num_threads() == 3
