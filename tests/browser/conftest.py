"""The browser UI as a person meets it: a real Chromium, driven by Playwright, on a real server."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from browser.screen import Screen
from rig.browser import FLAGS
from rig.camera import Cameras
from rig.plugin import SMALL
from rig.server import Server

#: What Chromium itself logs about a request that is meant to fail.
EXPECTED = ("Failed to load resource",)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests; each has a profile of its own in it."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is missing; npm test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A profile that has been nowhere yet. Whatever its pages complain about fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert not complaints, complaints


@pytest.fixture
def cameras() -> Iterator[Cameras]:
    """Two small cameras that nobody watches yet."""
    with Cameras(SMALL, cameras=2) as cameras:
        yield cameras


@pytest.fixture
def served() -> Iterator[Server]:
    """A server without cameras."""
    with Server() as server:
        yield server


@pytest.fixture
def screen(context: BrowserContext, served: Server) -> Screen:
    """The UI of `served`, opened."""
    return Screen(context.new_page(), served).open()
