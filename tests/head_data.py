"""The canonical head for tests: from the user's cache, never fetched."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tests import needs
from visavis import assets
from visavis.head.canonical import CanonicalHead, build_head
from visavis.settings import load_settings


def head_asset() -> Path:
    """The unpacked head data, or the test is skipped (failed where VISAVIS_REQUIRE names `assets`)."""
    folder = assets.find("head", load_settings().cache)
    if folder is None:
        needs.missing("assets", "the head data are not in the cache: run `visavis setup`")
        raise AssertionError
    return folder


def canonical_head() -> CanonicalHead:
    return _built(head_asset())


@lru_cache(maxsize=1)
def _built(folder: Path) -> CanonicalHead:
    return build_head(folder)
