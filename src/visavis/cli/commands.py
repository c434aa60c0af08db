"""All commands, joined."""

from __future__ import annotations

from typing import Annotated

import typer

from visavis import __version__
from visavis.cli.avatars import avatars
from visavis.cli.bench import bench
from visavis.cli.capture import capture
from visavis.cli.create import create
from visavis.cli.doctor import doctor
from visavis.cli.livelink import livelink
from visavis.cli.motion import motion
from visavis.cli.render import render
from visavis.cli.serve import serve, talk
from visavis.cli.setup import setup
from visavis.cli.sheet import sheet
from visavis.cli.token import token
from visavis.cli.train import train
from visavis.cli.worker import worker

app = typer.Typer(
    name="visavis",
    help="A face for any voice agent, answering in real time, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"visavis {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


for _command in (talk, serve, render, motion, create, capture, avatars, sheet, setup, token, worker, bench, doctor):
    app.command()(_command)
app.add_typer(livelink, name="livelink")
app.add_typer(train, name="train")
