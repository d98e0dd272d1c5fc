"""Adam (Kingma and Ba 2015, arXiv 1412.6980) on torch's fused kernels, without `torch.optim`.

Any use of `torch.optim` imports torch's compiler, which takes 1.4 CPU-seconds in a fresh process: more than the whole
fit of a small table, or of a small classifier. The arithmetic is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Adam", "laid_out_like"]


def laid_out_like(parameter: Tensor, values: Tensor) -> Tensor:
    """Tensor `values` in the memory layout of `parameter`, copied only where it differs.

    The fused kernel reads raw memory: from an expanded gradient (stride 0), or from another channel layout than the
    parameter's, it would read the wrong numbers.
    """
    if values.stride() == parameter.stride():
        return values
    return torch.empty_like(parameter).copy_(values)


class Adam:
    """Optimiser of parameters on one device; a step skips those without a `grad`.

    `param_groups` and `state` are as in `torch.optim.Adam`: one group with `lr`, `betas` and `eps`, which may be
    changed between steps, and {parameter: {"step", "exp_avg", "exp_avg_sq"}}, which fills at the first step.

    `decay`: each step makes the parameters smaller by this share of `lr` first (AdamW, Loshchilov and Hutter 2019,
    arXiv 1711.05101), as `torch.optim.AdamW` with this `weight_decay`.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        decay: float = 0.0,
    ) -> None:
        group = {"params": list(parameters), "lr": lr, "betas": betas, "eps": eps}
        self.param_groups: list[dict[str, Any]] = [group]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        self._decay = decay
        self._update: Callable[..., None] = torch._fused_adamw_ if decay else torch._fused_adam_

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient."""
        (group,) = self.param_groups
        used = [parameter for parameter in group["params"] if parameter.grad is not None]
        if not used:
            return
        states = [self._state_of(parameter) for parameter in used]
        gradients = [laid_out_like(parameter, parameter.grad) for parameter in used if parameter.grad is not None]
        steps, means, squares = ([one[name] for one in states] for name in ("step", "exp_avg", "exp_avg_sq"))
        torch._foreach_add_(steps, 1)
        self._update(
            used,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=self._decay,
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    def _state_of(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        if parameter not in self.state:
            self.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        return self.state[parameter]
