"""`visavis train speech`: the speech-to-face model, made again from nothing and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from visavis.cli.progress import console, progress_bar
from visavis.cli.targets import check_target

speech = typer.Typer(help="The speech-to-face model: data, fit, export, report.", no_args_is_help=True)

DataOption = Annotated[Path, typer.Option("--data", help="Folder of the training data.")]
RunOption = Annotated[Path, typer.Option("--run", help="Folder of the run: its checkpoint and its log.")]
_DATA: Final = Path("speech-data")
_RUN: Final = Path("speech-run")


@speech.command()
def data(
    out: DataOption = _DATA,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same sentences, voices and noises.")] = 1,
    scale: Annotated[float, typer.Option("--scale", help="Share of the full amount; 0.01 to try.", min=0.001, max=10.0)] = 1.0,
    source: Annotated[str | None, typer.Option("--source", help="One source alone: espeak, flite, festival …")] = None,
) -> None:
    """Make the training data: synthetic voices, recorded prompts, noises. What is there already stays.

    [dim]visavis train speech data --data speech-data --scale 0.1[/]
    """
    from visavis.errors import BadInput
    from visavis.training.speech.data import SOURCES, make

    chosen = [each for each in SOURCES if source in {None, each.name}]
    if not chosen:
        raise BadInput(f"There is no source {source!r}.", mend=f"There are {', '.join(each.name for each in SOURCES)}.")
    with progress_bar() as report:
        for each in chosen:
            console.print(f"  {make(each, out, seed, scale, report)}")


@speech.command()
def fit(
    data: DataOption = _DATA,
    run: RunOption = _RUN,
    steps: Annotated[int, typer.Option("--steps", help="Batches to learn from.", min=1)] = 3000,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    """Learn. Stopped and started again, it goes on from the last checkpoint.

    [dim]visavis train speech fit --data speech-data --run speech-run --steps 3000[/]
    """
    torch = _torch()
    from visavis.training.speech.fit import Fit, Plan

    torch.set_num_threads(1)
    with progress_bar() as report:
        Fit(data, run, Plan(steps=steps, seed=seed)).run(lambda doing, part: report("learning", part))
    console.print(f"  {run}: {steps} steps")


@speech.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="The ONNX file to write.")],
    run: RunOption = _RUN,
) -> None:
    """Write the weights that visavis runs with.

    [dim]visavis train speech export --run speech-run --out src/visavis/motion/voice_model.onnx[/]
    """
    _torch()
    from visavis.errors import NotFound
    from visavis.training.speech.export import export as write
    from visavis.training.speech.export import load_network
    from visavis.training.speech.fit import CHECKPOINT

    check_target(out)
    if not (run / CHECKPOINT).is_file():
        raise NotFound(f"{run} holds no checkpoint.", mend="Train first: visavis train speech fit")
    network, step = load_network(run / CHECKPOINT)
    write(network, out, {"trained": f"{step} steps", "made_with": "visavis train speech"})
    console.print(f"  {out}: {out.stat().st_size / 1e6:.1f} MB, {step} steps")


@speech.command()
def calibrate(
    data: DataOption = _DATA,
    weights: Annotated[Path | None, typer.Option("--weights", help="Other weights than those that visavis runs with.")] = None,
) -> None:
    """Print what each threshold of the lips' seal would give, on data kept from learning.

    [dim]visavis train speech calibrate --data speech-data[/]
    """
    from visavis.motion.voice_model import WEIGHTS
    from visavis.training.speech.calibrate import rows

    typer.echo(f"{'':12}{'seal':>12}{'recall':>10}{'precision':>12}")
    for name, seal, recall, precision in rows(weights or WEIGHTS, data):
        typer.echo(f"{name:12}{seal[0]:7.2f}{seal[1]:5.2f}{recall.share or 0.0:10.3f}{precision.share or 0.0:12.3f}")


@speech.command()
def report(
    recordings: Annotated[Path, typer.Option("--recordings", help="Folder with speech/ and its transcripts.tsv.")],
    weights: Annotated[Path | None, typer.Option("--weights", help="Other weights than those that visavis runs with.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="All figures, as JSON.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="A Markdown page whose table is written anew.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="An SVG of openings over time.")] = None,
    peers: Annotated[bool, typer.Option("--peers/--no-peers", help="Measure pocketsphinx on the same recordings too.")] = True,
) -> None:
    """Measure the model and its peers on voices that training never heard.

    [dim]visavis train speech report --recordings ../shared/data --page docs/lipsync.md[/]
    """
    from visavis.training.speech.page import write_page
    from visavis.training.speech.report import measure, table, write_json

    for path in (json_out, page, plot):
        if path is not None:
            check_target(path)
    measured = measure(recordings, lambda doing: console.print(f"  {doing}"), peers=peers, weights=weights, plot=plot)
    typer.echo(table(measured))
    if json_out is not None:
        write_json(json_out, measured)
    if page is not None:
        write_page(page, table(measured))


def _torch() -> Any:
    """The torch module. Raises Unavailable where it is not installed."""
    from visavis.errors import Unavailable

    try:
        import torch
    except ImportError:
        raise Unavailable("Training needs PyTorch.", mend="Install it with: pip install 'visavis[train]'") from None
    return torch
