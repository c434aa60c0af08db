"""The page in a LiveKit room: a real server, an agent with a face in it, and a browser that sees, hears, reads and steers it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser
from tests.browser.conftest import HERE, ServerProcess, screenshot
from tests.needs import livekit_server as binary
from tests.plugin.conftest import speaking

from visavis.testing.faces import PlainFaces
from visavis.testing.livekit_server import LiveKitServer, livekit_server

pytestmark = pytest.mark.browser

MOUTH = [0.2, 0.4, 0.8, 0.9]


@pytest.fixture(scope="module")
def rooms() -> Iterator[LiveKitServer]:
    with livekit_server(binary()) as running:
        yield running


@pytest.fixture(scope="module")
def page_server(rooms: LiveKitServer) -> Iterator[ServerProcess]:
    access = rooms.access
    running = ServerProcess(
        VISAVIS_LIVEKIT_URL=access.url, VISAVIS_LIVEKIT_API_KEY=access.api_key, VISAVIS_LIVEKIT_API_SECRET=access.api_secret
    )
    running.start()
    yield running
    running.stop()


async def test_a_face_in_a_room_is_seen_heard_read_and_steered(
    browser: Browser, rooms: LiveKitServer, page_server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.session.sessions.InstalledFaces", lambda home, cache: PlainFaces())
    name = f"room-{secrets.token_hex(4)}"
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["microphone"], bypass_csp=True)
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    async with speaking(rooms, name) as agent:
        await page.goto(f"{page_server.url}room.html?room={name}")
        await page.evaluate((HERE / "witness.js").read_text())
        await screenshot(page, "room-join")
        await page.get_by_role("button", name="Join").click()
        await page.wait_for_function("window.visavis.state.phase === 'live'", timeout=30_000)
        await page.evaluate("witness.start()")
        said = agent.session.say(
            "Good morning to everybody in this room.", allow_interruptions=False
        )  # the microphone talks too
        await page.wait_for_function("witness.firstLoud(0, 0.01) !== null", timeout=20_000)
        await page.wait_for_function(
            "window.visavis.events.some(({event}) => event.type === 'transcript' && event.text.includes('morning'))",
            timeout=10_000,
        )
        await said
        await page.wait_for_timeout(600)
        await screenshot(page, "room-live")
        moved = await page.evaluate(f"witness.change(0, performance.now(), {MOUTH})")
        assert moved > 0.5
        at = await page.evaluate("performance.now()")
        await page.evaluate("window.visavis.send({type: 'weights', weights: {jawOpen: 1}, fade_ms: 100})")
        await page.wait_for_timeout(900)
        assert await page.evaluate(f"witness.change({at}, performance.now(), {MOUTH})") > 0.3
        await page.wait_for_function("window.visavis.live?.path === 'UDP'", timeout=5_000)
        assert not await page.evaluate("window.visavis.events.filter(({event}) => event.type === 'error')")
    assert not problems
    await context.close()


async def test_a_room_without_a_face_and_a_wrong_pass_are_told(
    browser: Browser, page_server: ServerProcess, rooms: LiveKitServer
) -> None:
    context = await browser.new_context(bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{page_server.url}room.html")
    await page.get_by_text("With an address and a token of your own").click()
    await page.get_by_label("Address").fill(rooms.access.url)
    await page.get_by_label("Token", exact=True).fill("nonsense")
    await page.get_by_label("With my microphone").uncheck()
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_function("window.visavis.state.phase === 'failed'", timeout=20_000)
    assert "pass" in await page.evaluate("window.visavis.state.trouble.title")
    await screenshot(page, "room-refused")
    await context.close()


async def test_the_room_page_keeps_to_its_policy(browser: Browser, page_server: ServerProcess) -> None:
    """As strict as the page it is a copy of, apart from whom it may talk to."""
    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{page_server.url}room.html")
    await page.get_by_role("button", name="Join").wait_for()
    policy = await page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert policy is not None
    assert "script-src 'self';" in policy
    assert "connect-src 'self' ws: wss: http: https:" in policy
    assert not complaints
    await context.close()
