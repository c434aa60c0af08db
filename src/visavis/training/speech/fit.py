"""`visavis train speech fit`: learning, resumable at any checkpoint, the same from the same seed and data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from visavis.motion.phone_groups import CLASS_OF_GROUP, SILENCE, classes_of
from visavis.training.speech.batches import Batch, Mixer
from visavis.training.speech.network import VoiceNetwork, parts
from visavis.training.speech.targets import IGNORED

CHECKPOINT: Final = "checkpoint.pt"
LOG: Final = "fit.log"
_DEV_STRETCHES: Final = 24
_CLIP: Final = 1.0
_WARM_UP_STEPS: Final = 150
_LAST_FROM: Final = 0.65
"""From this part of the steps on batches are of the last kind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn."""

    steps: int = 3000
    batch: int = 24
    rate: float = 2.5e-3
    seed: int = 1
    save_every: int = 100


def losses(said: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each part's loss, weighted so that they sum."""
    out = parts(said)
    groups = targets["groups"].long()
    presence, seal = targets["presence"].float() / 255.0, targets["seal"].float() / 255.0
    mouth, wanted = torch.sigmoid(out["mouth"]), targets["mouth"].float() / 255.0
    error = mouth - wanted
    moving = error[:, 1:] - error[:, :-1]
    weight = 1.0 + 2.0 * seal
    return {
        "groups": functional.cross_entropy(
            out["groups"].flatten(0, 2), groups.flatten(), ignore_index=IGNORED, label_smoothing=0.03
        ),
        "mouth": 8.0 * error.abs().mean() + 6.0 * moving.abs().mean(),
        "seal": 1.5 * functional.binary_cross_entropy_with_logits(out["seal"][..., 0], seal, weight),
        "presence": 0.7 * functional.binary_cross_entropy_with_logits(out["presence"][..., 0], presence),
        "accent": 0.2 * functional.binary_cross_entropy_with_logits(out["accent"][..., 0], targets["accent"].float()),
        "kind": 0.4 * functional.cross_entropy(out["kind"].flatten(0, 2), targets["kind"].long().flatten()),
    }


class Fit:
    """A run in a folder: its checkpoint and its log."""

    def __init__(self, data: Path, folder: Path, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.folder = plan, folder
        self.mixer = Mixer(data, plan.seed)
        self.network = VoiceNetwork()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=plan.rate, weight_decay=1e-3)
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._load()

    def run(self, report: Callable[[str, float], None]) -> None:
        """Learn to the end of the plan, saving now and then."""
        spent, sums, count = time.thread_time(), dict[str, float](), 0
        while self.step < self.plan.steps:
            values = self._learn(self.mixer.batch(self.step, self.plan.batch, last=self.step >= _LAST_FROM * self.plan.steps))
            self.step += 1
            count += 1
            sums = {name: sums.get(name, 0.0) + value for name, value in values.items()}
            report(f"step {self.step} of {self.plan.steps}", self.step / self.plan.steps)
            if self.step % self.plan.save_every == 0 or self.step == self.plan.steps:
                means = {name: round(total / count, 4) for name, total in sums.items()}
                cpu_s = round(time.thread_time() - spent, 1)
                self._write({"step": self.step, "cpu_s": cpu_s, **means, "dev": self.dev()})
                self._save()
                sums, count = {}, 0

    def _learn(self, batch: Batch) -> dict[str, float]:
        torch.manual_seed(self.plan.seed * 1_000_003 + self.step)
        warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        cosine = 0.5 + 0.5 * cos(pi * self.step / self.plan.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * warm * max(0.02, cosine)
        self.network.train()
        said, _ = self.network(torch.from_numpy(batch.stacked), self.network.first_state(len(batch.stacked)))
        values = losses(said, {name: torch.from_numpy(target) for name, target in batch.targets.items()})
        self.optimiser.zero_grad()
        torch.stack(list(values.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self.optimiser.step()
        return {name: float(value.detach()) for name, value in values.items()}

    @torch.no_grad()
    def dev(self) -> dict[str, float]:
        """Six-class accuracy on frames of speech, by source."""
        self.network.eval()
        figures: dict[str, float] = {}
        for name in self.mixer.names:
            batch = self.mixer.dev(name, _DEV_STRETCHES)
            said, _ = self.network(torch.from_numpy(batch.stacked), self.network.first_state(len(batch.stacked)))
            chances = torch.softmax(parts(said)["groups"], dim=-1).numpy()
            truth = batch.targets["groups"]
            heard = classes_of(chances)
            spoken = (truth != IGNORED) & (truth != SILENCE)
            if spoken.any():
                figures[name] = round(float((heard[spoken] == CLASS_OF_GROUP[truth[spoken].astype(int)]).mean()), 4)
        return figures

    def _write(self, row: dict[str, Any]) -> None:
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")

    def _save(self) -> None:
        part = self.folder / (CHECKPOINT + ".part")
        torch.save({"step": self.step, "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}, part)
        part.replace(self.folder / CHECKPOINT)

    def _load(self) -> None:
        saved = torch.load(self.folder / CHECKPOINT, weights_only=True)
        self.step = saved["step"]
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
