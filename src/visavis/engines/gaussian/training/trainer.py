"""The training loop: one view a step, its progress kept on the disk, a report at the end."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from visavis.engines.gaussian.features import amounts, features, looks_of, principal
from visavis.engines.gaussian.training import kernels
from visavis.engines.gaussian.training.loss import loss_and_gradient, psnr, ssim
from visavis.engines.gaussian.training.start import Start, start_from
from visavis.engines.gaussian.training.state import BASE_RATES, KEEP, State, values_of
from visavis.errors import BadInput
from visavis.splats.bind import rest_frames
from visavis.splats.capture import Capture, View, load_driver, save_driver
from visavis.splats.differentiable import Differentiable
from visavis.splats.driver import Driver, PosedDriver
from visavis.types import F32, U8

Progress = Callable[[str, float], None]
RENEW_EVERY: Final = 150
RENEW_UNTIL: Final = 0.75
DECAY: Final = 0.05
"""Rates fall to this share, exponentially."""
BASES_FROM: Final = 0.3
"""The expression-dependent part joins after this share of the steps, when splats have found their places."""
SMALL_UNTIL: Final = 0.25
"""Half the size until then."""
SAVE_S: Final = 60.0
HELD_VIEWS: Final = 24
"""Held-out pictures are measured on at most so many of each kind."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """`splats` at the end, `first` at the start; `bases` of the expression-dependent part (0: none); `seed` of everything random."""

    iterations: int = 12_000
    splats: int = 30_000
    first: int = 12_000
    bases: int = 16
    seed: int = 0


class Trainer:
    """Trains on a capture, in a folder of its own that it can be resumed from. One owner; `run` is slow and holds one thread."""

    def __init__(self, capture: Capture, plan: TrainingPlan, folder: Path, progress: Progress) -> None:
        self.capture, self.plan, self.folder = capture, plan, folder
        self._progress = progress
        self._train = capture.views["train"]
        size = self._train[0].camera
        if any(
            (v.camera.width, v.camera.height) != (size.width, size.height) for views in capture.views.values() for v in views
        ):
            raise BadInput("The pictures of the capture are of different sizes.", mend="Scale them to one size.")
        self._pictures: dict[Path, U8] = {}
        self._key = hashlib.sha256(json.dumps([asdict(plan), str(capture.folder.resolve())]).encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        self._saved = folder / f"state-{self._key}.npz"
        self.driver, self.state = self._begin()
        self._poses = self._posed()
        moments = sorted({v.timestep for v in self._train})
        rows = np.stack([self._features[m] for m in moments])
        self.mix: F32
        self.mean: F32
        self.mix, self.mean = principal(rows, min(plan.bases, len(moments) // 2))
        self._drawings = {1: Differentiable(size.width, size.height), 2: Differentiable(size.width // 2, size.height // 2)}
        self.cpu_s = 0.0
        self.curve: list[dict[str, float]] = []

    def _begin(self) -> tuple[Driver, State]:
        kept = self.folder / f"driver-{self._key}.npz"
        if self._saved.is_file() and kept.is_file():
            state, _ = State.load(self._saved)
            _log.info("Training goes on from step %d", state.iteration)
            return load_driver(kept), state
        self._progress("Placing the first splats", 0.0)
        start: Start = start_from(self.capture, self.plan.first, np.random.default_rng(self.plan.seed))
        save_driver(start.driver, kept)
        size = np.cbrt(np.abs(np.linalg.det(rest_frames(start.driver)[:, :9].reshape(-1, 3, 3).astype(np.float64))))
        return start.driver, State.of(start, size[start.parents].astype(np.float32), self.plan.bases)

    def _posed(self) -> list[F32]:
        """The frames of every moment; their features on the way."""
        posed, frames = PosedDriver(self.driver), []
        self._features = []
        for face in self.capture.faces:
            weights, looks, head = looks_of(face)
            frames.append(posed.pose(weights, looks, head, head).copy())
            self._features.append(features(weights, looks, head))
        return frames

    def run(self) -> dict[str, Any]:
        """Train to the end and report. Picks up where an earlier run of the same plan stopped."""
        saved = time.monotonic()
        while self.state.iteration < self.plan.iterations:
            begun = time.thread_time()
            loss = self._step()
            self.cpu_s += time.thread_time() - begun
            done = self.state.iteration / self.plan.iterations
            if self.state.iteration % 100 == 0:
                self._progress(f"Training, loss {loss:.4f}, {len(self.state)} splats", done)
            if time.monotonic() - saved > SAVE_S or self.state.iteration == self.plan.iterations:
                self._keep(loss)
                saved = time.monotonic()
        report = {"plan": asdict(self.plan), "splats": len(self.state), "cpu_minutes": self.cpu_s / 60, "curve": self.curve}
        report |= self.measure()
        (self.folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        return report

    def _step(self) -> float:
        state, plan = self.state, self.plan
        share = state.iteration / plan.iterations
        scale = 2 if share < SMALL_UNTIL else 1
        rng = np.random.default_rng([plan.seed, state.iteration])
        view = self._train[int(rng.integers(len(self._train)))]
        background = np.ones(3, np.float32) if rng.integers(2) else rng.uniform(0, 1, 3).astype(np.float32)
        with_bases = share >= BASES_FROM and len(self.mix) > 0
        picture = self.render(view, background, scale, with_bases=with_bases)
        target = np.empty_like(picture)
        kernels.lay_over(self._picture(view, scale), background, target)
        loss, slope = loss_and_gradient(picture, target)
        drawing = self._drawings[scale]
        g = drawing.backward(slope)
        sh = (self._harmonic[:, :, None] * g.colours[:, None, :]).reshape(len(state), 9)
        decay = DECAY**share
        gradient = {"places": g.places, "turns": g.turns, "log_scales": g.log_scales, "logits": g.logits[:, None], "colours": g.colours,
                    "sh": sh, "small": g.small}  # fmt: skip
        state.step({k: np.ascontiguousarray(v, np.float32) for k, v in gradient.items()}, decay)
        if with_bases:
            kernels.step_bases(state.bases, self._amounts, g.places, g.small, g.colours, state.square["places"], state.square["small"],
                               state.square["colours"], BASE_RATES * np.float32(decay), np.ones(len(state), np.float32), KEEP,
                               len(self.mix))  # fmt: skip
        state.note(drawing.pull, drawing.order[: drawing.count])
        if state.iteration % RENEW_EVERY == 0 and share < RENEW_UNTIL:
            state.renew(plan.splats)
        return loss

    def render(self, view: View, background: F32, scale: int = 1, *, with_bases: bool = True) -> F32:
        """float32 [h, w, 3], overwritten by the next call: the splats as a view of the capture sees them, at 1 / scale of its size."""
        state, frames = self.state, self._poses[view.timestep]
        n = len(state)
        self._amounts = amounts(self.mix, self.mean, self._features[view.timestep]) if with_bases else np.zeros(0, np.float32)
        self._harmonic = np.empty((n, 3), np.float32)
        kernels.look_along(state.parents, frames, state.values["places"], view.camera.position, self._harmonic)
        places, small, colours = (np.empty((n, 3), np.float32) for _ in range(3))
        kernels.express(state.values["places"], state.values["colours"], state.values["sh"].reshape(n, 3, 3), state.bases, self._amounts,
                        self._harmonic, places, small, colours)  # fmt: skip
        picture = self._drawings[scale].forward(
            values_of(state, places, small, colours), state.parents, frames, scaled(view.camera, scale), background
        )
        return np.asarray(picture)

    def measure(self) -> dict[str, Any]:
        """PSNR and SSIM on white of training views, cameras kept apart and moments kept apart, with and without the bases."""
        kinds = {
            "training": self._train,
            "held_views": self.capture.views["val"],
            "held_expressions": self.capture.views["test"],
        }
        white = np.ones(3, np.float32)
        out: dict[str, Any] = {}
        for kind, views in kinds.items():
            chosen = views[:: max(1, len(views) // HELD_VIEWS)][:HELD_VIEWS]
            rows = []
            for view in chosen:
                target = np.empty((view.camera.height, view.camera.width, 3), np.float32)
                kernels.lay_over(view.load(), white, target)
                plain = psnr(self.render(view, white, with_bases=False), target)
                full = np.clip(self.render(view, white), 0, 1)
                rows.append((psnr(full, target), ssim(full, target), plain))
            if rows:
                mean = np.mean(rows, 0)
                out[kind] = {
                    "psnr": float(mean[0]),
                    "ssim": float(mean[1]),
                    "psnr_without_bases": float(mean[2]),
                    "views": len(rows),
                }
        return out

    def importance(self, views: int = 16) -> F32:
        """float32 [n]: how much of the pictures each splat fills, over training views spread over the capture."""
        total = np.zeros(len(self.state), np.float32)
        drawing = self._drawings[1]
        for view in self._train[:: max(1, len(self._train) // views)]:
            self.render(view, np.zeros(3, np.float32))
            total += drawing.backward(np.ones_like(drawing.picture)).colours[:, 0]
        return total

    def _picture(self, view: View, scale: int) -> U8:
        key = view.path if scale == 1 else view.path.with_suffix(f".{scale}")
        if key not in self._pictures:
            full = view.load()
            if scale > 1:
                part = full.astype(np.float32)
                part[..., :3] *= part[..., 3:] / 255
                small: F32 = np.asarray(
                    cv2.resize(part, (full.shape[1] // scale, full.shape[0] // scale), interpolation=cv2.INTER_AREA), np.float32
                )
                small[..., :3] *= np.float32(255) / np.maximum(small[..., 3:], 1e-3)
                full = np.clip(np.round(small), 0, 255).astype(np.uint8)
            self._pictures[key] = full
        return self._pictures[key]

    def _keep(self, loss: float) -> None:
        """The state, a point of the curve and a preview picture: truth left, splats right."""
        self.state.save(self._saved)
        held = self.capture.views["val"] or self._train
        view = held[len(held) // 2]
        white = np.ones(3, np.float32)
        target = np.empty((view.camera.height, view.camera.width, 3), np.float32)
        kernels.lay_over(view.load(), white, target)
        drawn = np.clip(self.render(view, white, with_bases=self.state.iteration >= BASES_FROM * self.plan.iterations), 0, 1)
        self.curve.append({"iteration": self.state.iteration, "cpu_s": round(self.cpu_s, 1), "loss": round(loss, 5),
                           "held_psnr": round(psnr(drawn, target), 2), "splats": len(self.state)})  # fmt: skip
        _log.info("%s", self.curve[-1])
        pair = np.round(np.concatenate([target, drawn], 1) * 255).astype(np.uint8)
        cv2.imwrite(str(self.folder / "preview.png"), pair[:, :, ::-1])


def scaled(camera: Any, scale: int) -> Any:
    """The camera of a picture 1 / scale as large."""
    if scale == 1:
        return camera
    from dataclasses import replace

    return replace(camera, width=camera.width // scale, height=camera.height // scale, fx=camera.fx / scale, fy=camera.fy / scale,
                   cx=camera.cx / scale, cy=camera.cy / scale)  # fmt: skip
