"""What axe finds on every page, in both themes, and what large text does to it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from browser import axe
from browser.screen import Screen
from rig.camera import Cameras, free_port
from rig.plugin import SMALL
from rig.server import Server


@pytest.fixture(scope="module")
def house() -> Iterator[Server]:
    """A server with one camera that works and one that does not."""
    with Cameras(SMALL) as cameras, Server() as server:
        server.add("front-door", cameras.url(), name="Front door")
        server.add("garage", f"rtsp://127.0.0.1:{free_port()}/", name="Garage")
        server.wait_online("front-door")
        yield server


def the_cameras(screen: Screen) -> None:
    screen.wait_live("front-door")


def the_add_dialog(screen: Screen) -> None:
    screen.by_id("add-open").click()
    screen.by_id("add-url").wait_for()


def the_code_dialog(screen: Screen) -> None:
    screen.wait_live("front-door")
    screen.tile("front-door").hover()
    screen.by_id("tile-menu-front-door").click()
    screen.by_id("tile-code").click()
    screen.page.get_by_role("dialog").wait_for()


def the_tile_menu(screen: Screen) -> None:
    screen.wait_live("front-door")
    screen.tile("front-door").hover()
    screen.by_id("tile-menu-front-door").click()
    screen.by_id("tile-remove").wait_for()


def the_scan_page(screen: Screen) -> None:
    screen.open("/scan").by_id("scan-start").wait_for()


def the_recordings_page(screen: Screen) -> None:
    # With or without recordings: what a server without a recorder says is part of the page.
    screen.open("/recordings")
    screen.by_id("recordings-storage").or_(screen.by_id("recordings-trouble")).first.wait_for()


def the_scripts_page(screen: Screen) -> None:
    screen.open("/scripts").by_id("scripts-live").wait_for()


def settled(route: str) -> Callable[[Screen], None]:
    """A page that is there with its heading, and with what it asked for a moment later."""

    def place(screen: Screen) -> None:
        screen.open(route).page.get_by_role("heading", level=1).first.wait_for()
        screen.page.wait_for_timeout(1500)

    place.__name__ = f"the_page_{route}"
    return place


PLACES = [
    the_cameras,
    the_add_dialog,
    the_tile_menu,
    the_code_dialog,
    the_scan_page,
    the_recordings_page,
    the_scripts_page,
    settled("/camera/front-door"),
    settled("/camera/garage"),
    settled("/health"),
    settled("/events"),
    settled("/settings"),
]


def opened(chromium: Browser, server: Server, theme: str, **options: object) -> Screen:
    context = chromium.new_context(locale="en-GB", reduced_motion="reduce", **options)
    screen = Screen(context.new_page(), server)
    screen.choose_theme(theme)
    screen.open()
    assert screen.page.evaluate("document.documentElement.dataset.theme") == theme
    return screen


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_nothing_serious(chromium: Browser, house: Server, theme: str, place: Callable[[Screen], None]) -> None:
    screen = opened(chromium, house, theme, viewport={"width": 1280, "height": 800})
    place(screen)
    found = axe.serious(screen.page)
    screen.page.context.close()
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_serious_before_the_first_camera(chromium: Browser, served: Server, theme: str) -> None:
    screen = opened(chromium, served, theme, viewport={"width": 1280, "height": 800})
    screen.by_id("empty-try-demo").wait_for()
    found = axe.serious(screen.page)
    screen.page.context.close()
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_text_of_twice_the_size_leaves_nothing_out_of_reach(
    chromium: Browser, house: Server, place: Callable[[Screen], None]
) -> None:
    screen = opened(chromium, house, "dark", viewport={"width": 1280, "height": 800})
    screen.page.add_init_script("document.documentElement.style.fontSize = '200%'")
    screen.open()
    screen.page.evaluate("document.documentElement.style.fontSize = '200%'")
    place(screen)
    wide = screen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    screen.page.context.close()
    assert wide <= 0, f"the page is {wide} px wider than the window"
