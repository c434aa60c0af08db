"""The viewer draws what the server draws: the same FaceFrame both ways, and a whole call without video.

Tolerance of the pictures, 512 x 512 with background: at least 35 dB, and half a grey level in the mean of each colour. What is left lies
on edges and strands (WebGL shades each triangle of a pixel by itself, the server neighbours together) and in the grain of skin.
"""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Browser, Page
from tests.browser.conftest import SOFTWARE_GL, ServerProcess, launched, screenshot

from visavis.arkit import INDEX
from visavis.avatars import load_avatar
from visavis.engines.rig import RigEngine
from visavis.engines.rig.people import load_person
from visavis.protocol import decode_motion, encode_motion
from visavis.settings import load_settings
from visavis.types import U8, FaceFrame

pytestmark = pytest.mark.browser

SIZE = 512
LEAST_DB, MOST_MEAN = 35.0, 0.5
APART_TICKS = 48_000 * 60
"""Between the tried faces, so that nothing trails from one to the next."""
FACES: list[tuple[dict[str, float], tuple[float, float, float], tuple[float, float]]] = [
    ({}, (0.0, 0.0, 0.0), (0.0, 0.0)),
    ({"jawOpen": 0.5, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3,
      "browInnerUp": 0.4}, (0.25, -0.08, 0.05), (0.2, 0.1)),
    ({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.8, "mouthPucker": 0.7, "jawOpen": 0.1}, (-0.4, 0.15, -0.1), (0.0, 0.0)),
    ({"jawOpen": 0.7, "tongueOut": 0.6, "eyeWideLeft": 1.0, "eyeWideRight": 1.0, "browDownLeft": 0.5}, (0.05, -0.2, 0.0), (-0.3, 0.0)),
]  # fmt: skip
PREPARE = """async (name) => {
    const element = await import("/visavis-avatar.js");
    const { FaceView, decodeModel } = await element.drawing();
    const answer = await fetch(`/api/avatars/${name}/model`);
    const view = new FaceView(document.createElement("canvas"));
    view.show(decodeModel(await answer.arrayBuffer()));
    view.resize(512, 512);
    window.drawn = { element, view };
}"""
DRAW = """(motion) => {
    const { element, view } = window.drawn;
    const bytes = Uint8Array.from(atob(motion), (c) => c.charCodeAt(0));
    view.draw(element.decodeMotion(bytes.buffer), { x: 0, y: 0, width: 512, height: 512, soft: [0, 0] });
    return view.canvas.toDataURL("image/png").split(",")[1];
}"""


def face_of(n: int) -> FaceFrame:
    """As it comes over the wire: both sides see the same rounding."""
    given, rotation, gaze = FACES[n]
    weights = np.zeros(52, np.float32)
    for name, value in given.items():
        weights[INDEX[name]] = value
    zeros = np.zeros(3, np.float32)
    face = FaceFrame(n * APART_TICKS, weights, np.array(rotation, np.float32), zeros, np.array([gaze, gaze], np.float32))
    return decode_motion(encode_motion(face))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched(*SOFTWARE_GL) as found:
        yield found


@pytest.mark.parametrize("name", ["nova", "milo"])
async def test_both_ways_give_the_same_picture(browser: Browser, server: ServerProcess, name: str) -> None:
    settings = load_settings()
    engine = RigEngine(load_person(load_avatar(name, settings.home), settings.cache), width=SIZE, height=SIZE)
    page = await browser.new_page()
    await page.goto(server.url)
    await page.evaluate(PREPARE, name)
    for n in range(len(FACES)):
        face = face_of(n)
        png = await page.evaluate(DRAW, base64.b64encode(encode_motion(face)).decode())
        here = np.array(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))
        there = engine.draw_rgb(face)
        assert psnr(here, there) >= LEAST_DB, n
        assert np.abs(here.mean((0, 1)) - there.mean((0, 1))).max() <= MOST_MEAN, n
    engine.close()
    await page.close()


async def test_a_call_without_video(page: Page, server: ServerProcess) -> None:
    """Motion in, sound in, a face that talks; the server draws nothing."""
    await page.set_viewport_size({"width": 480, "height": 400})  # a software GL has to draw it
    await page.goto(f"{server.url}?draw=viewer")
    await page.get_by_role("button", name="Start without a microphone").click()
    await page.wait_for_function("window.visavis.state.phase === 'live'", timeout=60_000)
    await page.wait_for_function("window.visavis.motion.clock.exact", timeout=20_000)
    await page.wait_for_function(
        "window.visavis.live?.fps > 0 && window.visavis.live.kbps && window.visavis.serverStats", timeout=20_000
    )
    found = await page.evaluate("({live: window.visavis.live, server: window.visavis.serverStats})")
    assert found["server"]["frame_ms_p50"] == 0
    assert found["live"]["kbps"] < 250
    assert await page.evaluate("window.visavis.stream.getVideoTracks().length") == 0
    before = await page.evaluate("window.visavis.motion.face(performance.now()).tTicks")
    await page.wait_for_timeout(1_000)
    after = await page.evaluate("window.visavis.motion.face(performance.now()).tTicks")
    assert 24_000 < after - before < 72_000
    await screenshot(page, "drawn-here")
    async with page.expect_response(
        "**/api/avatars/milo/model", timeout=120_000
    ) as coming:  # made, where nobody has met him yet
        await page.evaluate("window.visavis.setAvatar('milo')")
    assert (await coming.value).status == 200
    await page.wait_for_function("window.visavis.agent.avatar === 'milo'", timeout=20_000)
    await page.wait_for_timeout(4_000)
    await screenshot(page, "drawn-here-milo")
    await page.get_by_role("button", name="End the call").click()
    await page.wait_for_function("window.visavis.state.phase === 'ended'")


def psnr(a: U8, b: U8) -> float:
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
