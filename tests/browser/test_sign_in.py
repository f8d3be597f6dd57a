"""A server with a token: nobody sees anything before signing in, and everything after it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from browser import axe
from browser.screen import Screen
from rig.camera import Cameras
from rig.server import Server

TOKEN = "open-sesame-open-sesame"


@pytest.fixture
def guarded() -> Iterator[Server]:
    with Server(env={"FANLIGHT_TOKEN": TOKEN}) as server:
        yield server


def test_the_token_leads_to_where_one_wanted_to_go(cameras: Cameras, guarded: Server, context: BrowserContext) -> None:
    camera = {"stream_id": "door", "rtsp_url": cameras.url(), "name": "Front door"}
    assert guarded.ask("POST", "/api/streams", camera, {"Authorization": f"Bearer {TOKEN}"}).status == 200
    screen = Screen(context.new_page(), guarded).open("/camera/door")
    token = screen.by_id("sign-in-token")
    expect(token).to_be_focused()
    assert "Front door" not in screen.page.content()

    token.fill("open-sesame-open-sesamf")
    screen.page.keyboard.press("Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("token")
    expect(token).to_be_focused()
    assert "Front door" not in screen.page.content()

    token.fill(TOKEN)
    screen.page.keyboard.press("Enter")
    expect(screen.page.get_by_role("heading", level=1)).to_contain_text("Front door")
    assert screen.page.evaluate("location.hash") == "#/camera/door"
    assert TOKEN not in screen.page.content()

    # The browser keeps it, and pictures come with it.
    screen.open()
    screen.page.reload()
    screen.wait_live("door")

    screen.open("/settings").by_id("sign-out").click()
    expect(token).to_be_visible()
    screen.open()
    expect(token).to_be_visible()
    assert "Front door" not in screen.page.content()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("text", [100, 200])
def test_the_page_is_for_everybody(chromium: Browser, guarded: Server, theme: str, text: int) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    screen = Screen(context.new_page(), guarded)
    screen.choose_theme(theme)
    screen.open().by_id("sign-in-token").wait_for()
    screen.page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
    screen.by_id("sign-in-submit").click()
    expect(screen.page.get_by_role("alert")).to_be_visible()
    found = axe.serious(screen.page)
    wide = screen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert not found, "\n".join(map(str, found))
    assert wide <= 0, f"the page is {wide} px wider than the window"
