"""Learning, saving, going on, and the same network in PyTorch and in visavis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import needs

from visavis.motion.voice_model import VoiceModel
from visavis.training.speech.data import Source, make
from visavis.types import AudioChunk

from .test_data import _tiny


@pytest.fixture(autouse=True)
def _needs_torch() -> None:
    needs.torch()


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    import torch

    from visavis.training.speech.fit import Fit, Plan

    torch.set_num_threads(1)
    for name in ("espeak", "without_words"):
        make(Source(name, _tiny, 0.01, 1), tmp_path, 1, 1.0, lambda doing, part: None)
    plan = Plan(steps=4, batch=2, save_every=2)
    whole = Fit(tmp_path, tmp_path / "whole", plan)
    whole.run(lambda doing, part: None)
    stopped = Fit(tmp_path, tmp_path / "stopped", plan)
    with pytest.raises(KeyboardInterrupt):
        stopped.run(_stop_at_three)
    again = Fit(tmp_path, tmp_path / "stopped", plan)
    assert again.step == 2
    again.run(lambda doing, part: None)
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(again.network.state_dict()[name], value)
    assert (tmp_path / "whole" / "fit.log").read_text().count("\n") == 2


def _stop_at_three(doing: str, part: float) -> None:
    if part >= 0.75:
        raise KeyboardInterrupt


def test_the_exported_network_says_the_same(tmp_path: Path) -> None:
    import torch

    from visavis.motion.mel import StreamLevel, mel_power
    from visavis.motion.voice_layout import DELAY_FRAMES, stacked
    from visavis.training.speech.export import export
    from visavis.training.speech.network import VoiceNetwork, parts

    torch.manual_seed(0)
    network = VoiceNetwork().eval()
    export(network, tmp_path / "model.onnx", {"trained": "not at all"})
    sound = (np.random.default_rng(0).normal(size=16_000) * 3000).astype(np.int16)
    model = VoiceModel(tmp_path / "model.onnx")
    heard = np.concatenate([each.posteriors for each in model.push(AudioChunk(0, 16_000, sound))])
    features = StreamLevel().features(mel_power(sound)[None])
    features = features[:, : features.shape[1] // 2 * 2]
    said, _ = network(torch.from_numpy(stacked(features)), network.first_state(1))
    wanted = torch.softmax(parts(said)["groups"], dim=-1).detach().numpy().reshape(-1, heard.shape[1])
    np.testing.assert_allclose(heard, wanted[DELAY_FRAMES : DELAY_FRAMES + len(heard)], atol=1e-5)
