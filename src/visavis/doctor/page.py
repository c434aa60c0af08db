"""The page, and a browser for the browser tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from visavis.doctor.check import Check, Status

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def check_page(folder: Path | None = None) -> Check:
    """The built web client lies in the package."""
    from visavis.server.app import PAGE

    folder = folder or PAGE
    if (folder / "index.html").is_file():
        return Check("page", Status.OK, "built")
    return Check("page", Status.FAIL, "not built", "Run `make page` (needs Node 20), or install the published wheel.")


def check_chromium() -> Check:
    """Only the browser tests need one here."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return Check("chromium", Status.INFO, f"{path}, for the browser tests")
    return Check("chromium", Status.INFO, "none: the browser tests are skipped; any browser can open the page")
