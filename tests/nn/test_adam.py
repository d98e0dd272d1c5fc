"""Adam is torch's, bit for bit, and does not import torch's compiler."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from gan_augment.compute.layout import channels_last
from gan_augment.nn.adam import Adam


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 2), nn.Linear(2, 1))


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_the_same_bits_as_torch_with_rates_that_change_and_a_gradient_that_is_absent(decay: float) -> None:
    with torch.random.fork_rng(devices=[]):
        ours, theirs = network(), network()
        rows = torch.randn(8, 3)
    mine = Adam(ours.parameters(), lr=1e-2, betas=(0.0, 0.9), eps=1e-8, decay=decay)
    torchs = torch.optim.AdamW if decay else torch.optim.Adam
    reference = torchs(theirs.parameters(), lr=1e-2, betas=(0.0, 0.9), eps=1e-8, weight_decay=decay, fused=True)
    for step in range(20):
        for model, optimiser in ((ours, mine), (theirs, reference)):
            group = optimiser.param_groups[0]
            group["lr"], group["betas"] = 0.01 / (1 + step), (0.0, 0.9 + step / 300)
            optimiser.zero_grad()
            model(rows).square().mean().backward()
            if step == 5:
                model[0].weight.grad = None
            optimiser.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
        for name, value in reference.state[other].items():
            assert torch.equal(mine.state[one][name], value)  # type: ignore[index]


def test_the_layout_in_memory_changes_nothing() -> None:
    """The kernel reads raw memory: weights, gradients and moments must lie alike."""
    with torch.random.fork_rng(devices=[]):
        plain = nn.Conv2d(3, 5, 3)
        images = torch.randn(4, 3, 6, 6)
    last = channels_last(copy.deepcopy(plain))
    for model in (plain, last):
        optimiser = Adam(model.parameters(), lr=1e-2, betas=(0.5, 0.9))
        for _ in range(3):
            gradients = torch.autograd.grad(model(images).square().mean(), list(model.parameters()))
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter.grad = gradient.contiguous()
            optimiser.step()
    assert last.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last.weight, plain.weight)


def test_no_step_without_gradients() -> None:
    with torch.random.fork_rng(devices=[]):
        model = network()
    before = [parameter.clone() for parameter in model.parameters()]
    Adam(model.parameters(), lr=1.0, betas=(0.0, 0.9), eps=1e-8).step()
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), before, strict=True))


def test_a_table_gan_and_a_classifier_are_fitted_without_torchs_compiler() -> None:
    code = """
import sys
import numpy as np, pandas as pd, torch
from gan_augment.recognition.supervised import fit_classifier
from gan_augment.tabular import TableSynthesizer
frame = pd.DataFrame({"x": np.arange(40.0), "y": [0, 1] * 20})
TableSynthesizer("tabular_gan", {"steps": 2}).fit(frame, "y").sample(3)
fit_classifier(torch.zeros(4, 1, 8, 8), torch.tensor([0, 1, 0, 1]), 2, seed=0, steps=2)
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
