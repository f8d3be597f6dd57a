"""The app, its page and the tray as fixtures. They want a session bus and a screen of their own: see scripts/."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import screen
from desktop.app import App
from desktop.page import Page
from desktop.tray import Tray

#: Pictures of the screen at the moment of a failure.
FAILURES = Path(__file__).resolve().parents[2] / ".cache" / "logs" / "desktop"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needed = ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        reason = f"{' and '.join(missing)} not set: run npm test -- --only desktop"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    app = item.funcargs.get("app") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and app is not None:
        FAILURES.mkdir(parents=True, exist_ok=True)
        screen.picture(str(FAILURES / f"{item.name}.png"))
        report.sections.append(("log of the app", app.log()[-6000:]))
    return report


@pytest.fixture
def app() -> Iterator[App]:
    """A new installation, not started yet. At its end no FFmpeg may be left."""
    with App() as app:
        yield app


@pytest.fixture
def page(app: App) -> Page:
    """The page of a new installation that was just started."""
    return Page(app.start().driver)


@pytest.fixture
def tray() -> Iterator[Tray]:
    """A desktop with a tray. Without this fixture there is none."""
    with Tray() as tray:
        yield tray


@pytest.fixture(autouse=True, scope="session")
def _tools() -> None:
    for tool in ("xdotool", "import", "WebKitWebDriver"):
        assert shutil.which(tool), f"{tool} is missing; npm test installs it"
