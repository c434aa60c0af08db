"""The panels of the page: the hand on the face, and a new avatar from a file."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page
from tests.browser.conftest import ServerProcess, call, screenshot

from visavis.avatars import BUILT_IN

pytestmark = pytest.mark.browser

BROW = [0.3, 0.1, 0.7, 0.45]


async def test_the_face_is_steered_by_keyboard(page: Page) -> None:
    await call(page)
    await page.get_by_role("button", name="Control", exact=True).click()
    await page.locator("#control summary", has_text="Brows").click()
    brows = page.get_by_role("slider", name="Inner up")
    await brows.focus()
    at = await page.evaluate("performance.now()")
    await page.keyboard.press("End")
    await page.wait_for_timeout(600)
    assert await brows.get_attribute("aria-valuetext") == "100 %"
    assert await page.evaluate(f"witness.change({at}, performance.now(), {BROW})") > 0.2
    pad = page.get_by_role("slider", name="Where it looks")
    await pad.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowUp")
    assert await pad.get_attribute("aria-valuetext") == "3° right, 2° up"
    await page.get_by_text("Happy", exact=True).click()
    await page.get_by_role("button", name="Nod", exact=True).click()
    await page.get_by_role("slider", name="Turn").fill("0.3")
    await page.get_by_role("slider", name="Speed").fill("1.5")
    await page.wait_for_timeout(600)
    await screenshot(page, "control")
    await page.get_by_role("button", name="Let go of inner up").click()
    assert await brows.get_attribute("aria-valuetext") == "0 %, free"
    assert not await page.evaluate("window.visavis.events.filter(({event}) => event.type === 'error')")


async def test_the_control_leaves_the_face_in_sight_on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Control", exact=True).click()
    panel = await page.locator("#control").bounding_box()
    stage = await page.locator("visavis-avatar").bounding_box()
    assert panel is not None
    assert stage is not None
    assert stage["y"] + stage["height"] <= panel["y"]
    assert stage["height"] > 300
    await screenshot(page, "control-phone")


async def test_a_bundle_becomes_a_person_to_talk_with(page: Page, server: ServerProcess, tmp_path: Path) -> None:
    bundle = packed(tmp_path, "ada")
    await page.get_by_role("button", name="New avatar").click()
    make = page.get_by_role("button", name="Make the avatar")
    assert await make.is_disabled()
    await page.locator("#create .file").set_input_files(bundle)
    await screenshot(page, "create")
    await make.click()
    await page.get_by_role("radio", name="Ada").wait_for(timeout=30_000)
    assert await page.evaluate("window.visavis.avatar") == "ada"


async def test_a_likeness_needs_its_right(page: Page) -> None:
    await page.get_by_role("button", name="New avatar").click()
    await page.locator("#create .file").set_input_files(
        {"name": "Ada.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff broken"}
    )
    make = page.get_by_role("button", name="Make the avatar")
    await page.get_by_label("Where it is from").fill("My own photograph")
    assert await make.is_disabled()
    await page.get_by_label("Who agreed").fill("Ada, in writing, May 2026")
    await page.get_by_label("I have the right").check()
    await make.click()
    wrong = page.locator("#create .wrong")
    await wrong.wait_for(timeout=30_000)
    assert len(await wrong.inner_text()) > 30
    await screenshot(page, "create-refused")
    assert await page.get_by_label("Where it is from").input_value() == "My own photograph"


def packed(folder: Path, name: str) -> Path:
    """The built-in nova under another name, as a bundle."""
    source = BUILT_IN / "nova"
    card = (source / "avatar.toml").read_text(encoding="utf-8")
    said = tomllib.loads(card)
    card = card.replace(f'name = "{said["name"]}"', f'name = "{name}"').replace(
        f'title = "{said["title"]}"', f'title = "{name.title()}"'
    )
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("avatar.toml", card)
        for file in source.iterdir():
            if file.name != "avatar.toml" and file.is_file():
                archive.write(file, file.name)
    return path
