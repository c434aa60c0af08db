"""The Pipecat example runs in a real pipeline: sound in, the same sound and moving pictures out, silence on an interruption."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import needs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SIZE, HZ = 128, 24_000


@pytest.fixture(scope="module")
def example() -> Any:
    needs.package("pipecat", "pip install pipecat-ai")
    spec = importlib.util.spec_from_file_location("pipecat_face", EXAMPLES / "pipecat_face.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def voice(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * HZ)) / HZ
    syllables = np.clip(np.sin(2 * np.pi * 3.0 * t), 0.0, 1.0)
    return (syllables * (np.sin(2 * np.pi * 180.0 * t) + 0.5 * np.sin(2 * np.pi * 900.0 * t)) * 9000).astype(np.int16)


async def run_pipeline(example: Any, sound: np.ndarray, *, interrupt_after_s: float | None = None) -> list[tuple[float, Any]]:
    """What leaves the service, with the time at which it left."""
    from pipecat.frames.frames import EndFrame, InterruptionFrame, OutputImageRawFrame, TTSAudioRawFrame, TTSStoppedFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.processors.frame_processor import FrameProcessor
    from pipecat.workers.runner import WorkerRunner

    loop = asyncio.get_running_loop()
    out: list[tuple[float, Any]] = []
    seen = asyncio.Event()

    class Collector(FrameProcessor):
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            out.append((loop.time(), frame))
            if isinstance(frame, OutputImageRawFrame):
                seen.set()
            await self.push_frame(frame, direction)

    service = example.VisavisVideoService("nova", size=SIZE, fps=25)
    worker = PipelineWorker(Pipeline([service, Collector()]))

    async def talk() -> None:
        await seen.wait()
        for at in range(0, len(sound), HZ // 10):
            await worker.queue_frame(TTSAudioRawFrame(sound[at : at + HZ // 10].tobytes(), HZ, 1))
        await worker.queue_frame(TTSStoppedFrame())
        await asyncio.sleep(interrupt_after_s or len(sound) / HZ + 0.4)
        if interrupt_after_s is not None:
            await worker.queue_frame(InterruptionFrame())
            await asyncio.sleep(0.5)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    async with asyncio.timeout(150):  # kernels may have to be compiled first
        await runner.add_workers(worker)
        await asyncio.gather(runner.run(), talk())
    return out


def of(kind: str, out: list[tuple[float, Any]]) -> list[tuple[float, Any]]:
    return [(at, frame) for at, frame in out if type(frame).__name__ == kind]


async def test_sound_comes_back_whole_and_pictures_move_with_it(example: Any) -> None:
    sound = voice(1.5)
    out = await run_pipeline(example, sound)
    heard = of("TTSAudioRawFrame", out)
    samples = np.concatenate([np.frombuffer(frame.audio, np.int16) for _, frame in heard])
    assert {frame.sample_rate for _, frame in heard} == {48_000}
    spoken = np.flatnonzero(np.abs(samples.astype(int)) > 200)
    assert abs((spoken[-1] - spoken[0]) / 48_000 - 1.5) < 0.25
    pictures = [(at, frame) for at, frame in of("OutputImageRawFrame", out) if heard[0][0] <= at <= heard[-1][0]]
    assert len(pictures) > 20
    assert all(frame.size == (SIZE, SIZE) and len(frame.image) == SIZE * SIZE * 3 for _, frame in pictures)
    mouths = np.stack([np.frombuffer(frame.image, np.uint8).reshape(SIZE, SIZE, 3)[70:110, 40:88] for _, frame in pictures])
    assert mouths.astype(np.float32).std(axis=0).mean() > 1.0


async def test_an_interruption_is_silence(example: Any) -> None:
    out = await run_pipeline(example, voice(4.0), interrupt_after_s=0.6)
    cut = of("InterruptionFrame", out)[0][0]
    assert any(np.frombuffer(frame.audio, np.int16).any() for at, frame in of("TTSAudioRawFrame", out) if at < cut)
    assert not [
        at for at, frame in of("TTSAudioRawFrame", out) if at > cut + 0.1 and np.frombuffer(frame.audio, np.int16).any()
    ]
    assert of("OutputImageRawFrame", out)[-1][0] > cut + 0.2
