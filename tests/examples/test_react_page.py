"""The React example builds with its types checked, and shows the face of the agent example in a real room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests import needs
from tests.examples.processes import answering, example_agent, free_port, running

from visavis.testing.livekit_server import livekit_server

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "examples" / "react"


@pytest.fixture(scope="module")
def built() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        needs.missing("node", "no npm on the PATH")
    assert npm is not None
    if not (PAGE / "node_modules").is_dir():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PAGE, check=True)
    built = subprocess.run([npm, "run", "build", "--silent"], cwd=PAGE, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return PAGE


@contextmanager
def everything(built: Path, log: Path) -> Iterator[str]:
    """livekit-server, the agent example, a server that hands out tokens, and the page: its address."""
    with ExitStack() as stack:
        access = stack.enter_context(livekit_server(needs.livekit_server())).access
        common = os.environ | {"PYTHONPATH": str(ROOT / "src"), "VISAVIS_SIZE": "256"}
        keys = {"URL": access.url, "API_KEY": access.api_key, "API_SECRET": access.api_secret}
        tokens, page = free_port(), free_port()
        serve = [sys.executable, "-m", "visavis.cli", "serve", "--port", str(tokens)]
        env = common | {f"VISAVIS_LIVEKIT_{name}": value for name, value in keys.items()}
        stack.enter_context(running(serve, env, log / "serve.log"))
        answering(f"http://127.0.0.1:{tokens}/healthz", 120)
        preview = [str(built / "node_modules" / ".bin" / "vite"), "preview", "--host", "127.0.0.1", "--port", str(page)]
        env = common | {"VISAVIS_URL": f"http://127.0.0.1:{tokens}"}
        stack.enter_context(running(preview, env, log / "page.log", cwd=built))
        answering(f"http://127.0.0.1:{page}/", 30)
        stack.enter_context(example_agent(access, log / "agent.log", size=256))
        yield f"http://127.0.0.1:{page}/"


def brightness(page: Any) -> list[float]:
    """Mean of the face's picture, and how much it moves within half a second."""
    found: list[float] = page.evaluate(
        """async () => {
          const video = document.querySelector(".face video");
          const canvas = new OffscreenCanvas(64, 64), context = canvas.getContext("2d", { willReadFrequently: true });
          const look = () => { context.drawImage(video, 0, 0, 64, 64); return context.getImageData(0, 0, 64, 64).data; };
          const before = look();
          await new Promise((resolve) => setTimeout(resolve, 500));
          const after = look();
          let sum = 0, moved = 0;
          before.forEach((value, index) => { sum += value; moved += Math.abs(value - after[index]); });
          return [sum / before.length, moved / before.length];
        }"""
    )
    return found


@pytest.mark.slow
def test_it_builds(built: Path) -> None:
    assert (built / "dist" / "index.html").is_file()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.network
def test_the_face_is_seen(built: Path, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with everything(built, tmp_path) as address, sync_playwright() as driver:
        flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox"]
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=flags)
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.goto(address)
        page.get_by_role("button", name="Start").click()
        page.wait_for_selector(".face video", timeout=90_000)
        page.wait_for_function("document.querySelector('.face video').videoWidth > 0", timeout=30_000)
        page.wait_for_function("document.querySelector('.caption').textContent.trim().length > 0", timeout=60_000)
        mean, moved = brightness(page)
        page.screenshot(path=str(tmp_path / "react.png"))
        browser.close()
    assert 20.0 < mean < 235.0
    assert moved > 0.05
