"""A real server in a process of its own, and a headless Chromium on the real page."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright
from tests.needs import chromium, shared

from visavis.server.app import PAGE

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / ".artifacts" / "screenshots"
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns",
)  # fmt: skip
NO_GL = ("--disable-gpu",)
SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL without a GPU. It also composes every video frame by itself, which takes a core: only for who draws with it."""


class ServerProcess:
    """`visavis serve` on a port that stays the same over restarts."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, **self._environment, "VISAVIS_PORT": str(self.port)}
        self.process = subprocess.Popen([sys.executable, "-m", "visavis.cli", "serve"], env=environment)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended"
            try:
                if httpx.get(self.url + "readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise TimeoutError("the server did not become ready")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    if not (PAGE / "index.html").is_file():
        pytest.fail("the page is not built: make page")
    running = ServerProcess(VISAVIS_HOME=str(tmp_path_factory.mktemp("home")))
    running.start()
    yield running
    running.stop()


@asynccontextmanager
async def launched(*flags: str) -> AsyncIterator[Browser]:
    recording = shared("speech/en_librivox_austen_0870.wav")
    microphone = f"--use-file-for-fake-audio-capture={recording}%noloop"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *flags, microphone])
        yield browser
        await browser.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched(*NO_GL) as found:
        yield found


@pytest.fixture
async def page(browser: Browser, server: ServerProcess) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["microphone"], bypass_csp=True)
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    await opened.goto(server.url)
    await opened.evaluate((HERE / "witness.js").read_text())
    yield opened
    assert not problems, problems
    await context.close()


async def call(page: Page, *, microphone: bool = False) -> None:
    """Press the button, wait for the picture, let the greeting pass."""
    await page.get_by_role("button", name="Start talking" if microphone else "Start without a microphone").click()
    await page.wait_for_function("window.visavis.state.phase === 'live'", timeout=30_000)
    await page.wait_for_function("document.querySelector('visavis-avatar').shadowRoot.querySelector('video').videoWidth > 0")
    await page.evaluate("witness.start()")


async def screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png")
