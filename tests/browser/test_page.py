"""The real page in a real browser: it is seen, heard, read, interrupted, and finds its way back after a restart."""

import statistics

import pytest
from playwright.async_api import Browser, Page
from tests.browser.conftest import ServerProcess, call, screenshot

pytestmark = pytest.mark.browser

LOUD = 0.01
MOUTH = [0.38, 0.50, 0.62, 0.78]
BACKGROUND = [0.0, 0.0, 0.15, 0.3]


async def greeted(page: Page) -> None:
    """Wait until the greeting has been said to its end."""
    await page.wait_for_function(
        "window.visavis.events.some(({event}) => event.type === 'transcript' && event.final && event.speaker === 'agent')",
        timeout=30_000,
    )
    await page.wait_for_timeout(500)


async def send(page: Page, text: str) -> float:
    """Type and press Enter; returns when, in the page's own milliseconds."""
    box = page.get_by_label("Message")
    await box.fill(text)
    at: float = await page.evaluate("performance.now()")
    await box.press("Enter")
    return at


async def test_typing_is_answered_by_a_moving_mouth_a_voice_and_captions(page: Page) -> None:
    await screenshot(page, "welcome")
    await call(page)
    await greeted(page)
    asked = await send(page, "What is visavis?")
    await page.wait_for_function(f"witness.firstLoud({asked}, {LOUD}) !== null", timeout=5_000)
    await page.wait_for_timeout(1_500)
    await screenshot(page, "speaking")
    heard = await page.evaluate(f"witness.firstLoud({asked}, {LOUD})")
    assert heard - asked < 1_500
    talking = await page.evaluate(f"witness.change({heard}, {heard + 1500}, {MOUTH})")
    still = await page.evaluate(f"witness.change({heard}, {heard + 1500}, {BACKGROUND})")
    assert talking > 3 * still
    assert talking > 0.5
    captions = await page.evaluate("window.visavis.events.filter(({event}) => event.type === 'transcript').length")
    assert captions > 5
    await page.get_by_role("button", name="Interrupt").click()
    await page.wait_for_timeout(1_200)
    end = await page.evaluate("performance.now()")
    silent = await page.evaluate(f"witness.change({end - 700}, {end}, {MOUTH})")
    assert silent < 0.6 * talking


async def test_interrupting_is_prompt(page: Page) -> None:
    await call(page)
    asked = await page.evaluate("performance.now()")
    await page.wait_for_function(f"witness.firstLoud({asked}, {LOUD}) !== null", timeout=15_000)
    await page.wait_for_timeout(800)
    pressed = await page.evaluate("performance.now()")
    await page.keyboard.press("Escape")
    await page.wait_for_timeout(1_500)
    last = await page.evaluate(f"witness.lastLoud({asked}, {LOUD})")
    assert last - pressed < 400
    state = await page.evaluate("window.visavis.agent.state")
    assert state in {"listening", "idle"}


async def test_captions_keep_to_the_heard_words(page: Page) -> None:
    """Words with pauses between them: each caption grows within 100 ms of the sound it stands for (median)."""
    await call(page)
    await greeted(page)
    start = await page.evaluate("performance.now()")
    await page.evaluate("window.visavis.send({type: 'say', text: 'Two. Parrots. Danced. Beautifully. Today.'})")
    await page.wait_for_function(
        f"window.visavis.events.some(({{atMs, event}}) => atMs > {start} && event.type === 'transcript' && event.final)",
        timeout=20_000,
    )
    onsets = await page.evaluate(f"witness.onsets({start}, {LOUD}, 120)")
    grown = await page.evaluate(
        f"window.visavis.events.filter(({{atMs, event}}) => atMs > {start} && event.type === 'transcript' && !event.final).map(e => e.atMs)"
    )
    assert len(grown) == 5
    gaps = [min((abs(at - onset) for onset in onsets), default=9_999) for at in grown]
    assert statistics.median(gaps) <= 100, gaps


async def test_speaking_into_the_microphone_is_understood_and_answered(page: Page) -> None:
    await call(page, microphone=True)
    await page.wait_for_function(
        "window.visavis.events.some(({event}) => event.type === 'transcript' && event.speaker === 'user')", timeout=40_000
    )


async def test_a_server_restart_is_told_and_survived(page: Page, server: ServerProcess) -> None:
    await call(page)
    server.stop()
    await page.wait_for_function("window.visavis.state.phase === 'away'", timeout=20_000)
    await screenshot(page, "server-away")
    told = await page.evaluate("window.visavis.state.trouble.title + window.visavis.state.trouble.mend")
    assert len(told) > 20
    server.start()
    await page.wait_for_function("window.visavis.state.phase === 'live'", timeout=60_000)
    await page.wait_for_timeout(1_000)
    await screenshot(page, "back-again")


async def test_choosing_another_person(page: Page) -> None:
    await call(page)
    await page.wait_for_timeout(1_000)
    await page.get_by_role("radio", name="Milo").click()
    await page.wait_for_function("window.visavis.agent.avatar === 'milo'", timeout=10_000)
    await page.wait_for_timeout(700)
    await screenshot(page, "milo")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (360, 640)])
async def test_a_phone_shows_everything_without_sideways_scrolling(page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await call(page)
    await page.wait_for_timeout(1_500)
    await screenshot(page, f"phone-{width}")
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    for name in ("Message", "Interrupt", "End the call"):
        found = page.get_by_label(name, exact=True).first
        box = await found.bounding_box()
        assert box is not None, name
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1
        assert box["y"] + box["height"] <= height + 1


async def test_the_page_keeps_to_its_content_policy(browser: Browser, server: ServerProcess) -> None:
    """Loaded as a stranger's browser loads it, it asks for nothing that the policy forbids and nothing from elsewhere."""
    context = await browser.new_context()
    opened = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: asked.append(request.url))
    await opened.goto(server.url)
    await opened.get_by_role("button", name="Start without a microphone").wait_for()
    assert not complaints
    assert all(url.startswith((server.url, "data:")) for url in asked), asked
    await context.close()


async def test_a_site_cannot_hide_the_mark(page: Page) -> None:
    """It may colour it; whatever else it asks for, people see that they look at an AI avatar."""
    await page.add_style_tag(
        content="""visavis-avatar::part(mark) { color: rgb(1, 2, 3); display: none !important; visibility: hidden !important;
        opacity: 0 !important; font-size: 0 !important; position: absolute !important; transform: translate(-9999px) !important;
        clip-path: inset(50%) !important; scale: 0 !important }"""
    )
    mark = page.locator("visavis-avatar").locator(".mark")
    box = await mark.bounding_box()
    assert box is not None
    assert box["width"] > 40
    assert box["height"] > 10
    assert box["x"] >= 0
    seen = await mark.evaluate("e => { const s = getComputedStyle(e); return [s.opacity, s.visibility, s.fontSize, s.color] }")
    assert seen == ["1", "visible", "12px", "rgb(1, 2, 3)"]
