"""`visavis train`: people learnt from captures, and visavis's own models made again from nothing."""

from __future__ import annotations

import typer

from visavis.cli.train.gaussian import gaussian
from visavis.cli.train.speech import speech

train = typer.Typer(help="Train a person on a capture, or visavis's own models again.", no_args_is_help=True)
train.add_typer(speech, name="speech")
train.command()(gaussian)
