"""What the window's page keeps in memory while it shows live cameras: no more after a while, and no more after reloads.

A quarter of a minute in the usual run. FANLIGHT_SOAK=600 watches for so many seconds, and reloads 50 times.
"""

import os
import statistics
import time
from collections.abc import Iterator

import pytest

from desktop.app import App
from desktop.page import Page
from rig import processes
from rig.camera import Cameras
from rig.clip import Clip
from rig.waiting import eventually

CAMERAS = 4
CLIP = Clip(640, 360, 600)
SOAK = float(os.environ.get("FANLIGHT_SOAK", "0"))
SECONDS = SOAK or 8.0
RELOADS = 50 if SOAK else 3
#: A page that has just begun still compiles code and fills caches.
WARM_UP = 60.0 if SOAK else 3.0
WARM_UP_RELOADS = 10 if SOAK else 1
#: What comes and goes with garbage that is not collected yet, and how much it may grow beside, in bytes and as a part.
SWING, GROWTH = 12e6 if SOAK else 40e6, 1.05

pytestmark = pytest.mark.timeout(4 * SOAK + 180)


def held(app: App) -> float:
    """Bytes of the page's process that no file is behind: what a page can leak. Shared parts of libraries are not."""
    pages = [one for one in processes.family(app.pid) if one.name().startswith("WebKitWebProces")]
    assert len(pages) == 1, pages
    maps = pages[0].memory_maps(grouped=True)
    return float(sum(one.pss for one in maps if one.path.startswith("[") or "deleted" in one.path))


def assert_flat(readings: list[float], report: str) -> None:
    """The last third holds no more than the first one."""
    third = max(1, len(readings) // 3)
    before, after = statistics.median(readings[:third]), statistics.median(readings[-third:])
    print(f"{report}: {before / 1e6:.1f} MB; then {after / 1e6:.1f} MB")
    shown = [round(reading / 1e6) for reading in readings]
    assert after <= before * GROWTH + SWING, f"it grew from {before / 1e6:.1f} MB to {after / 1e6:.1f}: {shown}"


@pytest.fixture
def watched(app: App, page: Page) -> Iterator[Page]:
    """Four cameras, live."""
    with Cameras(CLIP, cameras=CAMERAS) as cameras:
        for number in range(CAMERAS):
            body = {"stream_id": f"cam{number}", "rtsp_url": cameras.url(number)}
            assert app.ask("POST", "/api/streams", body).status == 200
        wait_live(page)
        yield page


#: How many tiles were painted. Looking at the pictures themselves would cost the page memory; a canvas that was
#: never painted has the size that all canvases begin with.
PAINTED = """return [...document.querySelectorAll('canvas[data-testid^="tile-img-"]')]
  .filter((canvas) => canvas.width !== 300).length;"""


def wait_live(page: Page) -> None:
    eventually(lambda: page.driver.execute_script(PAINTED) == CAMERAS, within=20)


def test_watching_costs_the_same_memory_after_a_while(app: App, watched: Page) -> None:
    time.sleep(WARM_UP)
    readings: list[float] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(readings) < 6:
        readings.append(held(app))
        time.sleep(SECONDS / 60)
    assert_flat(readings, f"{SECONDS:.0f} s of {CAMERAS} cameras")
    wait_live(watched)


def test_reloading_leaves_nothing_behind(app: App, watched: Page) -> None:
    readings: list[float] = []
    for turn in range(WARM_UP_RELOADS + RELOADS):
        watched.driver.refresh()
        wait_live(watched)
        time.sleep(1)
        if turn >= WARM_UP_RELOADS:
            readings.append(held(app))
    assert_flat(readings, f"{RELOADS} reloads")
    # Each tile is read once, by the page that is there now.
    streams = [f"cam{number}" for number in range(CAMERAS)]
    eventually(lambda: [app.stream(each)["client_count"] for each in streams] == [1] * CAMERAS, within=15)
