"""Gaussian avatars made: from a file of splats, bound to our head or standing still, and from a capture by training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visavis.errors import BadInput
from visavis.session.creation import Made

if TYPE_CHECKING:
    from visavis.engines.gaussian.training.trainer import TrainingPlan
    from visavis.render.mesh import RenderMesh

Progress = Callable[[str, float], None]
ASSET: Final = "splats.npz"
LICENCE: Final = "As the source it was made from."
TEMPLATE: Final = "nova"
"""Whose head lends its shapes to a cloud that is bound: the same canonical head as everybody's."""
MAX_ITERATIONS: Final = 1_000_000


def bundle_of_splats(source: Path, options: Mapping[str, str], folder: Path, cache: Path, progress: Progress) -> Made:
    """A static cloud, or with `rig=true` one that our head moves. Options: rig, yaw (degrees the source looks away from us), splats.

    Raises BadInput for unknown options, files that are no splats, and clouds that the head does not fit.
    """
    from visavis.engines.gaussian.avatar import save
    from visavis.engines.gaussian.importing import bound_to_head, standing_still
    from visavis.landmarks.faces import Landmarker
    from visavis.landmarks.networks import load_networks
    from visavis.splats.formats import read_splats

    known = _options(options, {"rig": "false", "yaw": "0", "splats": "100000"})
    progress("Reading splats", 0.0)
    cloud = read_splats(source)
    most, yaw = _number("splats", known["splats"], 1, 400_000), _number("yaw", known["yaw"], -360, 360)
    if _flag("rig", known["rig"]):
        progress("Fitting the head", 0.3)
        landmarker = Landmarker(load_networks(cache, progress))
        avatar, remarks = bound_to_head(cloud, _template(cache, progress), landmarker, yaw_deg=yaw, most=most)
    else:
        avatar, remarks = standing_still(cloud, yaw_deg=yaw, most=most)
    save(avatar, folder / ASSET)
    progress("Person ready", 1.0)
    return Made(ASSET, LICENCE, remarks=remarks)


def bundle_of_capture(source: Path, options: Mapping[str, str], folder: Path, cache: Path, progress: Progress) -> Made:
    """Trained on a capture. Options: iterations, splats, first, bases, seed. Goes on where an earlier run of the same plan stopped."""
    import cv2

    from visavis.engines.gaussian.avatar import save
    from visavis.engines.gaussian.training.finish import finished
    from visavis.engines.gaussian.training.trainer import Trainer
    from visavis.splats.capture import read_capture

    plan = plan_of(options)
    progress("Reading the capture", 0.0)
    cv2.setNumThreads(1)
    trainer = Trainer(read_capture(source), plan, training_folder(source, cache), progress)
    report = trainer.run()
    save(finished(trainer), folder / ASSET)
    remarks = [
        f"{what.replace('_', ' ')}: {figures['psnr']:.1f} dB, SSIM {figures['ssim']:.3f} "
        f"({figures['psnr_without_bases']:.1f} dB without the expression-dependent part)"
        for what in ("held_views", "held_expressions")
        if (figures := report.get(what))
    ]
    remarks.append(f"{report['splats']} splats; the report and a preview lie in {trainer.folder}")
    return Made(ASSET, LICENCE, remarks=tuple(remarks))


def training_folder(source: Path, cache: Path) -> Path:
    """Where a capture's training is kept between runs."""
    name = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:12]
    return cache / "training" / f"{source.name}-{name}"


def plan_of(options: Mapping[str, str]) -> TrainingPlan:
    from visavis.engines.gaussian.features import MAX_BASES
    from visavis.engines.gaussian.training.trainer import TrainingPlan

    usual = TrainingPlan()
    bounds = {"iterations": (10, MAX_ITERATIONS), "splats": (100, 400_000), "first": (100, 200_000), "bases": (0, MAX_BASES),
              "seed": (0, 1 << 31)}  # fmt: skip
    given = _options(options, {name: str(getattr(usual, name)) for name in bounds})
    return TrainingPlan(**{name: _number(name, given[name], *bound) for name, bound in bounds.items()})


def _template(cache: Path, progress: Progress) -> RenderMesh:
    from visavis.avatars import BUILT_IN, read_bundle
    from visavis.engines.rig.people.store import load_person

    return load_person(read_bundle(BUILT_IN / TEMPLATE), cache, progress)


def _options(given: Mapping[str, str], usual: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(given) - set(usual))
    if unknown:
        raise BadInput(f"There is no option {unknown[0]!r}.", mend=f"Known: {', '.join(usual)}.")
    return {**usual, **given}


def _flag(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false", "yes", "no", "1", "0"}:
        raise BadInput(f"{name}={text[:40]!r} is neither true nor false.")
    return text.lower() in {"true", "yes", "1"}


def _number(name: str, text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise BadInput(f"{name}={text[:40]!r} is no whole number.") from None
    if not low <= value <= high:
        raise BadInput(f"{name}={value} is outside {low} to {high}.")
    return value
