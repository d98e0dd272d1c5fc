"""One prediction run: a network learns the frame after some others, in two stages, and is judged on held-out clips.

Stage 1 minimises the squared error, which blurs what cannot be known. Stage 2 adds a small adversarial term whose
critic sees the earlier frames and the candidate (Lotter, Kreiman, Cox 2015, arXiv 1511.06380, section 3.2): sharper
frames, a little more error. The frame to predict is truth in the losses alone; the network is given the frames before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.encoding.image import decode_images
from gan_augment.fidelity.restoration import nearer_sharpness, sharpness_ratio, squared_error
from gan_augment.nn.frame_networks import FramePredictor, moved_mask
from gan_augment.nn.objectives import Game
from gan_augment.nn.translation_networks import PatchCritic
from gan_augment.synthesis.api import Run, TickReport
from gan_augment.synthesis.kit.clips import NONE, Clips
from gan_augment.synthesis.kit.optical_flow import EXTRAPOLATIONS, extrapolated
from gan_augment.synthesis.kit.two_stages import Player, TwoStages, staged_schedules, two_stage_loop
from gan_augment.training.loop import Loop, Memory, NextStage
from gan_augment.training.snapshots import Snapshots

__all__ = [
    "CHUNK",
    "HeldClips",
    "PredictionRun",
    "PredictionSettings",
    "StepFigures",
    "lessons",
    "roll_out",
    "stacked",
]

Images = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CHUNK = 64  # frames computed at once
JUDGED = 256  # windows at most on which a snapshot is judged
GAME = Game(penalty_interval=8)


@dataclass(frozen=True)
class PredictionSettings(TwoStages):
    """What a run needs to know; the first stage minimises the squared error."""

    patience: int


def lessons(clips: Clips) -> Ints:
    """Places of the frames to learn at: each has the frame before it, which shows the motion, and the one after it."""
    found = clips.in_motion
    followed: Ints = found[clips.after[found] != NONE]
    return followed


def stacked(images: Images, history: Ints) -> Tensor:
    """Windows int64 [n, length] of images uint8 [rows, h, w, c], as float32 [n, length * c, h, w] in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(images[history].transpose(0, 1, 4, 2, 3)))
    return pixels.flatten(1, 2).float() / 127.5 - 1


@torch.inference_mode()
def roll_out(
    predictor: FramePredictor, past: Tensor, masks: Images | None, steps: Ints
) -> tuple[Images, Images | None]:
    """The frame so many steps after each window, uint8 [n, h, w, c], by feeding predictions back; the masks, moved.

    `past` float32 [n, history * c, h, w] on the network's device, `masks` uint8 [n, h, w, c] of its last frames.
    """
    frames, shown = [], []
    for start in range(0, len(past), CHUNK):
        part = slice(start, start + CHUNK)
        found, mask = _rolled(predictor, past[part], None if masks is None else masks[part], steps[part])
        frames.append(found)
        shown.append(mask)
    return np.concatenate(frames), None if masks is None else np.concatenate([one for one in shown if one is not None])


def _rolled(predictor: FramePredictor, past: Tensor, masks: Images | None, steps: Ints) -> tuple[Images, Images | None]:
    wanted = torch.from_numpy(steps).to(past.device)
    going = torch.arange(len(past), device=past.device)
    found = past[:, -predictor.channels :].clone()
    mask = None if masks is None else torch.tensor(masks, device=past.device)  # a copy
    for step in range(1, int(steps.max(initial=0)) + 1):
        kept = wanted[going] >= step
        going, past = going[kept], past[kept]
        motion = predictor(past)
        found[going] = motion.frames
        if mask is not None:
            mask[going] = moved_mask(mask[going], motion.weights)
        past = predictor.follow(past, motion.frames)
    images = decode_images(np.nan_to_num(found.float().cpu().numpy()))
    return images, None if mask is None else mask.cpu().numpy()


@dataclass(frozen=True)
class StepFigures:
    """Squared error a frame, so many steps ahead, of the network and of what learns nothing; float64 [n] each."""

    step: int
    places: Ints  # of the frames that the windows end with
    ours: Floats
    others: dict[str, Floats]
    sharpness: float

    @property
    def rival(self) -> str:
        """The best of the others by the mean."""
        return min(self.others, key=lambda name: (float(self.others[name].mean()), name))

    @property
    def gains(self) -> Floats:
        """By how much the network's error is below the rival's, a window."""
        return self.others[self.rival] - self.ours

    def to_json(self) -> dict[str, Any]:
        """Means, for a summary."""
        others = {name: round(float(errors.mean()), 4) for name, errors in self.others.items()}
        ours = round(float(self.ours.mean()), 4)
        return {"step": self.step, "windows": len(self.ours), "ours": ours, **others, "rival": self.rival}


class HeldClips:
    """Windows of real clips that snapshots are judged on, with the frames after them; `on` names their part."""

    def __init__(self, clips: Clips, images: Images, history: int, device: str, on: str) -> None:
        places = lessons(clips)
        self.places = places[np.unique(np.linspace(0, len(places) - 1, min(len(places), JUDGED)).astype(int))]
        self.clips, self.images, self.device, self.on = clips, images, device, on
        self.past = stacked(images, clips.history(self.places, history))
        self.truth = images[clips.after[self.places]]

    def __len__(self) -> int:
        return len(self.places)

    def predicted(self, predictor: FramePredictor) -> Images:
        """The frames after the windows, uint8 [n, h, w, c]."""
        return roll_out(predictor, self.past.to(self.device), None, np.ones(len(self), dtype=np.int64))[0]

    def error(self, predictor: FramePredictor) -> float:
        """Mean squared error a frame."""
        return float(squared_error(self.predicted(predictor), self.truth).mean())

    def figures(self, predictor: FramePredictor, step: int) -> StepFigures | None:
        """Of those windows that have a real frame so many steps ahead; None where there are none."""
        later = self.clips.later(self.places, step)
        kept = later != NONE
        if not kept.any():
            return None
        places, truth = self.places[kept], self.images[later[kept]]
        steps = np.full(len(places), step, dtype=np.int64)
        found = roll_out(predictor, self.past[torch.from_numpy(kept)].to(self.device), None, steps)[0]
        before, last = self.images[self.clips.before[places]], self.images[places]
        others = {kind: squared_error(extrapolated(before, last, kind, step), truth) for kind in EXTRAPOLATIONS}
        return StepFigures(step, places, squared_error(found, truth), others, sharpness_ratio(found, truth))


@dataclass
class PredictionMemory(Memory):
    """What a run remembers: the first stage's best check, how that stage ended, and checks without a better one."""

    best_error: float | None = None
    best_kimg: float | None = None
    waited: int = 0
    mse_stopped_by: str = "length"


class PredictionRun:
    """Trains `predictor` and `critic` in place on images uint8 [n, h, w, c] that are frames of `clips`.

    After `train()`: `best` is the first stage's best network, `served` the one to use and `stage` where it comes from,
    `loop.history` the curve, `figures` what both stages reached, `problem` why there is nothing to use (or None).
    """

    def __init__(
        self,
        predictor: FramePredictor,
        critic: PatchCritic,
        clips: Clips,
        images: Images,
        held: HeldClips,
        settings: PredictionSettings,
        run: Run,
    ) -> None:
        self.predictor, self.critic, self.held, self.settings, self.run = predictor, critic, held, settings, run
        self.places = torch.from_numpy(lessons(clips))
        self.windows = torch.from_numpy(clips.history(np.arange(len(images)), predictor.history))
        self.after = torch.from_numpy(clips.after)
        self.stride = clips.stride
        self.images = torch.from_numpy(images)
        self.window = [min(side, settings.crop) for side in images.shape[1:3]]
        self.rng = torch.Generator().manual_seed(run.seed)
        self.snapshots = Snapshots(predictor, critic)
        self.memory = PredictionMemory()
        self.figures: dict[str, float] = {}
        self.past = self.truth = self.made = torch.zeros(0)
        self.served = self.best
        self.stage = "none"
        self.reason = "not trained"
        self.problem: str | None = None
        self.loop = self._build_loop()

    @property
    def best(self) -> FramePredictor:
        """The first stage's best network."""
        return self.snapshots.best

    def _build_loop(self) -> Loop[PredictionMemory]:
        staged, steady = staged_schedules(self.settings)
        return two_stage_loop(
            Player("predictor", self.predictor, self._predictor_loss, staged),
            Player("critic", self.critic, self._critic_loss, steady),
            self.settings,
            self.snapshots,
            self.memory,
            self._tick,
            generator=self.rng,
            checkpoint=self.run.checkpoint,
        )

    def train(self) -> None:
        """Train to the end; resumes from the run's checkpoint where a killed one left it. Then choose what to serve."""
        self.reason = self.loop.run()
        self._choose_stage()

    # ---- batches and losses

    def _batch(self) -> tuple[Tensor, Tensor]:
        """(past, truth): windows of random places, [n, history * c, h, w] and [n, c, h, w]; every second one shortened.

        Samples often start where a clip is only two or three frames old.
        """
        count, history = self.settings.batch_size, self.predictor.history
        places = self.places[torch.randint(len(self.places), (count,), generator=self.rng)]
        windows = self.windows[places]
        known = torch.randint(2, history + 1, (count, 1), generator=self.rng)
        known = torch.where(torch.rand((count, 1), generator=self.rng) < 0.5, history, known)
        windows = windows.gather(1, torch.maximum(torch.arange(history)[None], history - known))
        frames = torch.cat([windows, self.after[places][:, None]], dim=1)
        pixels = self._cut(frames).to(self.run.device).float() / 127.5 - 1
        past, truth = pixels[:, :history], pixels[:, history:]
        return past.flatten(1, 2).contiguous(), truth.flatten(1, 2).contiguous()

    def _cut(self, frames: Tensor) -> Tensor:
        """The same place out of all frames [n, length] of a window: uint8 [n, length, c, h, w]."""
        count = len(frames)
        tops, lefts = (
            torch.randint(side - window + 1, (count, 1), generator=self.rng)
            for side, window in zip(self.images.shape[1:3], self.window, strict=True)
        )
        rows = (tops + torch.arange(self.window[0]))[:, None, :, None]
        columns = (lefts + torch.arange(self.window[1]))[:, None, None, :]
        return self.images[frames[:, :, None, None], rows, columns].permute(0, 1, 4, 2, 3)

    def _predictor_loss(self, progress: float) -> Tensor:
        self.past, self.truth = self._batch()
        made = self.predictor(self.past).frames
        self.made = made.detach()
        loss: Tensor = (made - self.truth).square().mean()
        if progress >= self.settings.boundary and self.settings.adversarial_weight > 0:
            real, fake = self._beside(self.truth), self._beside(made)
            loss = loss + self.settings.adversarial_weight * GAME.generator(self.critic, real, fake)
        return loss

    def _critic_loss(self, _: float) -> Tensor:
        """On the windows of the predictor's turn just before: no second forward pass, no second draw."""
        step = self.loop.place // self.settings.batch_size
        real, fake = self._beside(self.truth), self._beside(self.made)
        return GAME.discriminator(self.critic, real, fake, gamma=self.settings.gamma, step=step).loss

    def _beside(self, candidates: Tensor) -> Tensor:
        """What the critic sees: the earlier frames and a candidate, [n, (history + 1) * c, h, w]."""
        return torch.cat([self.past, candidates], dim=1)

    # ---- checks, rollback, choice

    def _tick(self, loop: Loop[PredictionMemory]) -> str | NextStage | None:
        if loop.broken:  # a critic that wins is no alarm here: the squared error goes on teaching
            return None if self.snapshots.roll_back(loop) else f"alarm: the {loop.broken}'s loss is not a number"
        error = self.held.error(loop.ema.network)
        row = {"kimg": loop.images_seen / 1000, "squared_error": error}
        loop.history.append(row | {f"{name}_loss": value for name, value in loop.losses.items()})
        figures = {"squared error": error}
        self.run.progress(TickReport(loop.place / 1000, loop.total_images / 1000, figures, row=row))
        return self._judge_mse(loop, error) if loop.place <= self.settings.first_images else None

    def _judge_mse(self, loop: Loop[PredictionMemory], error: float) -> str | NextStage | None:
        """Keep the network where it is the first stage's best; where the error has stopped falling, end that stage."""
        memory = self.memory
        if memory.best_error is None or error < memory.best_error:
            memory.best_error, memory.best_kimg, memory.waited = error, loop.images_seen / 1000, 0
            self.snapshots.take(loop.ema.network, critic=False)  # the critic has not played yet
            return None
        memory.waited += 1
        if memory.waited < self.settings.patience:
            return None
        memory.mse_stopped_by = "the squared error stopped falling"
        return NextStage(self.settings.first_images) if self.settings.adversarial_images else memory.mse_stopped_by

    def _choose_stage(self) -> None:
        """The adversarial stage serves where it is nearer the truth's sharpness and beats the rival; else the first."""
        first = self.held.figures(self.best, 1)
        assert first is not None
        self.stage, rival = "mse", float(first.others[first.rival].mean())
        self.figures = {"mse_error": float(first.ours.mean()), "mse_sharpness": first.sharpness}
        if self.reason.startswith("alarm"):
            self.problem = self.reason if self.memory.best_error is None else None
        elif self.settings.adversarial_images:
            last = self.held.figures(self.loop.ema.network, 1)
            assert last is not None
            error = float(last.ours.mean())
            self.figures |= {"adversarial_error": error, "adversarial_sharpness": last.sharpness}
            if nearer_sharpness(last.sharpness, first.sharpness) and error < rival:
                self.stage, self.served = "adversarial", self.loop.ema.network

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the run; errors are sums over a frame's pixels from 0 to 1, on held-out clips."""
        return {
            "lessons": len(self.places),
            "error_on": self.held.on,
            "images_seen": self.loop.images_seen,
            "stopped_by": self.reason,
            "mse_stopped_by": self.memory.mse_stopped_by,
            "served_stage": self.stage,
            "mse_snapshot_kimg": self.memory.best_kimg or 0.0,
            "retries": self.memory.retries,
            **self.figures,
            "parameters": sum(p.numel() for p in self.predictor.parameters()),
        }
