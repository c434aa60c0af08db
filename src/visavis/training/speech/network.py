"""The network: two recurrent layers over stacked log-mel frames, every 20 ms two frames of what is said 60 ms ago."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from visavis.motion.mel import FEATURES
from visavis.motion.phone_groups import GROUPS
from visavis.motion.voice_layout import CHANNELS, KINDS, OUTPUTS, PAIR, STACK

WIDTH = 160
LAYERS = 2


class VoiceNetwork(nn.Module):
    """Stacked features [streams, steps, 3 x 2 x 41] to [streams, steps, 2, `OUTPUTS`]; the state goes in and comes out."""

    def __init__(self, width: int = WIDTH, dropout: float = 0.1) -> None:
        super().__init__()
        self.width = width
        self.enter = nn.Sequential(nn.Linear(STACK * PAIR * FEATURES, width), nn.GELU(), nn.Dropout(dropout))
        self.listen = nn.GRU(width, width, LAYERS, batch_first=True, dropout=dropout)
        self.say = nn.Linear(2 * width, PAIR * OUTPUTS)

    def forward(self, stacked: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """State [2, streams, width], zeros at the beginning of a stream."""
        entered = self.enter(stacked)
        heard, after = self.listen(entered, state)
        said = self.say(torch.cat([heard, entered], dim=-1))
        return said.reshape(*said.shape[:-1], PAIR, OUTPUTS), after

    def first_state(self, streams: int) -> Tensor:
        return torch.zeros(LAYERS, streams, self.width)


def parts(said: Tensor) -> dict[str, Tensor]:
    """The outputs by name, from the last axis."""
    sizes = {"groups": len(GROUPS), "mouth": len(CHANNELS), "seal": 1, "presence": 1, "accent": 1, "kind": len(KINDS)}
    return dict(zip(sizes, torch.split(said, list(sizes.values()), dim=-1), strict=True))
