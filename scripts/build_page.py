"""Hatch build hook: builds the web client into the package, so that a wheel carries the page and needs no Node.

Where the page is already built and up to date (an sdist, a second build) Node is not needed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
PAGE = ROOT / "src" / "visavis" / "server" / "page"


def newest(paths: list[Path]) -> float:
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)


def page_is_current() -> bool:
    sources = [path for path in WEB.rglob("*") if "node_modules" not in path.parts]
    index = PAGE / "index.html"
    return index.is_file() and index.stat().st_mtime >= newest(sources)


def build_page() -> None:
    """Run the web build. Raises SystemExit with one line where Node is missing."""
    if page_is_current():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            "Building visavis from source needs Node 20 or newer for the page; install it, or take the published wheel."
        )
    lock, installed = WEB / "package-lock.json", WEB / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEB, check=True)
    subprocess.run([npm, "run", "build", "--silent"], cwd=WEB, check=True)
    (PAGE / "index.html").touch()


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_page()


if __name__ == "__main__":
    build_page()
