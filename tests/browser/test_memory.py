"""What a page that watches cameras keeps in memory: no more after a while, and no more after reloads.

Half a minute in the usual run. FANLIGHT_SOAK=600 watches for so many seconds, and reloads 50 times.
"""

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest
from playwright.sync_api import Browser, CDPSession

from browser.screen import LIVE, Screen
from rig.camera import Cameras
from rig.plugin import SMALL
from rig.server import Server
from rig.waiting import eventually

CAMERAS = 4
SOAK = float(os.environ.get("FANLIGHT_SOAK", "0"))
SECONDS = SOAK or 12.0
RELOADS = 50 if SOAK else 4
#: A page that has just begun still compiles code and fills caches.
WARM_UP = 60.0 if SOAK else 6.0
WARM_UP_RELOADS = 10 if SOAK else 2

pytestmark = pytest.mark.timeout(3 * SOAK + 120)


@dataclass(frozen=True)
class Memory:
    """What is held once all garbage is collected."""

    #: Bytes of the page's JavaScript heap.
    heap: float
    nodes: float
    listeners: float
    #: Bytes of the browser's page processes (PSS), with what the heap does not show: pictures, decoders.
    pages: float

    def __str__(self) -> str:
        megabytes = f"heap {self.heap / 1e6:.2f} MB, page processes {self.pages / 1e6:.1f} MB"
        return f"{megabytes}, {self.nodes:.0f} nodes, {self.listeners:.0f} listeners"


#: What may come and go by chance, and how much it may grow beside.
SWING = Memory(heap=0.6e6, nodes=60, listeners=20, pages=10e6)
GROWTH = 1.05


class Gauge:
    """Reads how much memory one page holds."""

    def __init__(self, browser: Browser, screen: Screen) -> None:
        self._browser: CDPSession = browser.new_browser_cdp_session()
        self._page: CDPSession = screen.page.context.new_cdp_session(screen.page)
        self._page.send("Performance.enable")

    def read(self) -> Memory:
        self._page.send("HeapProfiler.collectGarbage")
        told = self._page.send("Performance.getMetrics")["metrics"]
        metrics = {metric["name"]: metric["value"] for metric in told}
        heap, nodes, listeners = (metrics[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners"))
        return Memory(heap, nodes, listeners, self._pages())

    def _pages(self) -> float:
        total = 0
        for process in self._browser.send("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] == "renderer":
                try:
                    total += psutil.Process(process["id"]).memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue
        return total


@pytest.fixture
def watched(served: Server, screen: Screen) -> Iterator[Screen]:
    """Four cameras, live."""
    with Cameras(SMALL, cameras=CAMERAS) as cameras:
        for number in range(CAMERAS):
            served.add(f"cam{number}", cameras.url(number))
        wait_live(screen)
        yield screen


#: Looking at the pictures themselves makes canvases, whose memory the browser keeps for a while.
SHOWN = """(id) => {
  const video = document.querySelector(`video[data-testid="tile-img-${id}"]`);
  return video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
}"""


def wait_live(screen: Screen) -> None:
    """Until each tile has shown some pictures since the page was loaded."""
    for number in range(CAMERAS):

        def shows(stream_id: str = f"cam{number}") -> bool:
            return screen.page.evaluate(SHOWN, stream_id) >= 10

        eventually(shows, within=LIVE)


def middle(readings: list[Memory]) -> Memory:
    """The median of each figure."""
    fields = zip(*[(r.heap, r.nodes, r.listeners, r.pages) for r in readings], strict=True)
    return Memory(*[statistics.median(values) for values in fields])


def assert_flat(readings: list[Memory], report: str) -> None:
    """The last third holds no more than the first one."""
    third = max(1, len(readings) // 3)
    before, after = middle(readings[:third]), middle(readings[-third:])
    print(f"{report}: {before}; then {after}")
    for name in ("heap", "nodes", "listeners", "pages"):
        held, now = getattr(before, name), getattr(after, name)
        assert now <= held * GROWTH + getattr(SWING, name), f"{name} grew: {before}; then {after}"


def test_watching_costs_the_same_memory_after_a_while(chromium: Browser, watched: Screen) -> None:
    gauge = Gauge(chromium, watched)
    watched.page.wait_for_timeout(1000 * WARM_UP)
    readings: list[Memory] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(readings) < 6:
        readings.append(gauge.read())
        watched.page.wait_for_timeout(1000 * SECONDS / 60)
    assert_flat(readings, f"{SECONDS:.0f} s of {CAMERAS} cameras")
    wait_live(watched)


def test_reloading_leaves_nothing_behind(chromium: Browser, watched: Screen) -> None:
    gauge = Gauge(chromium, watched)
    readings: list[Memory] = []
    for turn in range(WARM_UP_RELOADS + RELOADS):
        watched.page.reload()
        wait_live(watched)
        if turn >= WARM_UP_RELOADS:
            readings.append(gauge.read())
    assert_flat(readings, f"{RELOADS} reloads")
