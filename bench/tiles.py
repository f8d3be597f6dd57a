"""Sixteen live tiles, painted and read back from the screen: `npm run bench -- --tiles`.

Tables of their own in docs/PERFORMANCE.md. Cores are those of the server, its FFmpegs, the browser or window,
and the X server.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from machine import describe
from page import judged
from rig import processes
from rig.browser import FLAGS
from rig.camera import Cameras
from rig.clip import Clip
from rig.server import ROOT, Server
from rig.waiting import eventually
from screen_meter import Painted, Rect, watch

sys.path.insert(0, str(ROOT / "tests" / "desktop"))

TILES = 16
CLIP = Clip(640, 360, 600)
WIDTH, HEIGHT = 1280, 720
SECONDS, SETTLE = 8.0, 4.0

#: Where each tile's picture is on the screen, also what its tile cuts off: [x, y, width, height].
PLACES = """const page = { x: screenX, y: screenY + outerHeight - innerHeight };
return [...document.querySelectorAll('[data-testid^="tile-img-"]')].map((shown) => {
  const { left, top, width, height } = shown.getBoundingClientRect();
  const scale = Math.max(width / 16, height / 9);
  return [page.x + left + (width - 16 * scale) / 2, page.y + top + (height - 9 * scale) / 2, 16 * scale, 9 * scale];
});"""


@dataclass(frozen=True)
class Goal:
    """At most so many cores and seconds, at least so many pictures a second."""

    cores: float
    fps: float
    latency: float


@dataclass(frozen=True)
class Reading:
    """One look at one subject."""

    #: By what the processes are for, in the words of PARTS.
    cores: dict[str, float]
    painted: Painted

    @property
    def total(self) -> float:
        return sum(self.cores.values())


#: What processes are for, by how their command lines begin or what is in them; the first that fits.
PARTS = (
    ("FFmpeg", ("ffmpeg",)),
    ("server", ("fanlight-server",)),
    ("page", ("--type=renderer", "WebKitWebProcess")),
    ("rest of the browser", ("chrom", "WebKit")),
    ("X server", ("Xvfb",)),
    # The desktop's process is window and server.
    ("server and window", ("fanlight",)),
)


@dataclass(frozen=True)
class Subject:
    """One way to show sixteen tiles."""

    name: str
    goal: Goal
    #: Shows the cameras on this display: the driver of its page, and the processes that are at work.
    show: Callable[[Cameras, str, ExitStack], tuple[Any, list[int]]]


def measure(rounds: int, tell: Callable[[str], None]) -> str:
    """Every subject in turns, as the page's section in Markdown."""
    found: dict[str, list[Reading]] = {}
    notes: dict[str, str] = {}
    with Cameras(CLIP, cameras=TILES) as cameras, screen() as (display, x_server):
        for turn in range(rounds):
            for subject in SUBJECTS:
                tell(f"tiles, round {turn + 1}: {subject.name}")
                try:
                    found.setdefault(subject.name, []).append(look(subject, cameras, display, x_server))
                except Exception as error:  # one failed measurement does not take the others along
                    notes[subject.name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
    return section(found, notes, rounds)


def look(subject: Subject, cameras: Cameras, display: str, x_server: int) -> Reading:
    """Show the tiles and look at them."""
    with ExitStack() as stack:
        driver, roots = subject.show(cameras, display, stack)

        def places() -> list[list[float]]:
            found: list[list[float]] = driver.execute_script(PLACES)
            assert len(found) == TILES, f"{len(found)} of {TILES} tiles have a picture"
            return found

        rects = [Rect(*place) for place in eventually(places, within=30)]
        time.sleep(SETTLE)
        roots = [*roots, x_server]
        members = [member for root in roots for member in processes.family(root)]
        before, begun = cpu_by_part(members), time.monotonic()
        painted = watch(display, rects, cameras.schedule, SECONDS)
        used, took = cpu_by_part(members) - before, time.monotonic() - begun
    return Reading({part: seconds / took for part, seconds in used.items()}, painted)


def cpu_by_part(members: Iterable[psutil.Process]) -> Counter[str]:
    """CPU time used so far, by what it was used for."""
    used: Counter[str] = Counter()
    for member in members:
        try:
            words = member.cmdline()
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # The program's name and what kind of process it is, not the paths and URLs among its arguments.
        words = [Path(words[0]).name, *(word for word in words if word.startswith("--type="))] if words else []
        part = next((part for part, signs in PARTS if any(s in word for s in signs for word in words)), "rest")
        used[part] += times.user + times.system
    return used


@contextmanager
def screen() -> Iterator[tuple[str, int]]:
    """An X server without a screen: its display and pid."""
    reading, writing = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}", server.pid
    finally:
        server.terminate()
        server.wait()


def in_chromium(cameras: Cameras, display: str, stack: ExitStack) -> tuple[Any, list[int]]:
    """In a browser that fills the screen."""
    server = stack.enter_context(Server())
    add_all(server, cameras)
    profile = tempfile.mkdtemp(prefix="bench-chromium-")
    stack.callback(shutil.rmtree, profile, ignore_errors=True)
    options = webdriver.ChromeOptions()
    # Its bar over the page would take room.
    options.add_experimental_option("excludeSwitches", ["enable-automation"])
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    shown = [flag for flag in FLAGS if flag != "--headless"]
    for flag in [*shown, "--kiosk", f"--window-size={WIDTH},{HEIGHT}", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    service = Service(shutil.which("chromedriver") or "", env=os.environ | {"DISPLAY": display})
    driver = webdriver.Chrome(options=options, service=service)
    stack.callback(driver.quit)
    driver.get(server.url)
    assert service.process is not None
    return driver, [server.pid, service.process.pid]


def in_window(cameras: Cameras, display: str, stack: ExitStack) -> tuple[Any, list[int]]:
    """In the desktop app's window."""
    from app import App

    stack.enter_context(environment(DISPLAY=display))
    app = stack.enter_context(App())
    app.start()
    for number in range(TILES):
        body = {"stream_id": f"cam{number}", "rtsp_url": cameras.url(number)}
        answer = app.ask("POST", "/api/streams", body)
        assert answer.status in (200, 201), answer
    app.driver.set_window_rect(0, 0, WIDTH, HEIGHT)
    return app.driver, [app.pid]


@contextmanager
def environment(**more: str) -> Iterator[None]:
    """What processes that are started meanwhile find in their environment."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def add_all(server: Server, cameras: Cameras) -> None:
    """All cameras, in the order of their numbers."""
    for number in range(TILES):
        server.add(f"cam{number}", cameras.url(number))


IN_BROWSER = Goal(0.85, 24.7, 0.060)
IN_WINDOW = Goal(1.2, 24.5, 0.150)
SUBJECTS = [
    Subject("Chromium: WebCodecs in workers, shown by `<video>`", IN_BROWSER, in_chromium),
    Subject("desktop window (WebKitGTK): one JPEG of all tiles, drawn on canvases", IN_WINDOW, in_window),
]


def section(found: dict[str, list[Reading]], notes: dict[str, str], rounds: int) -> str:
    """The tables, what they were found on, and what could not be found."""
    results = [(subject, found[subject.name]) for subject in SUBJECTS if found.get(subject.name)]
    lines = ["| | cores | worst tile (fps) | latency (ms) | CPU for each picture (ms) | goal | |", "|-|-|-|-|-|-|-|"]
    lines += [row(subject, readings) for subject, readings in results]
    found_parts = {part for _, readings in results for r in readings for part in r.cores}
    parts = [part for part, _ in (*PARTS, ("rest", ())) if part in found_parts]
    lines += ["", "Where the cores go:", "", f"| | {' | '.join(parts)} |", "|-|" + "-|" * len(parts)]
    for subject, readings in results:
        shares = [statistics.median(r.cores.get(part, 0.0) for r in readings) for part in parts]
        lines.append(f"| {subject.name} | {' | '.join(f'{s:.2f}' if s else '-' for s in shares)} |")
    told = [f"- {name}: {note}" for name, note in notes.items()]
    about = describe(os.environ["FANLIGHT_SERVER"])
    method = (
        f"- {TILES} cameras of {CLIP.size}, {CLIP.fps} fps, on a screen of {WIDTH}x{HEIGHT} without graphics hardware;"
        f" medians of {rounds} rounds of {SECONDS:g} s, subjects in turns"
    )
    return "\n".join([*about, method, "", *lines, *(["", *told] if told else [])])


def row(subject: Subject, readings: list[Reading]) -> str:
    """One subject's figures beside its goal, and by how much each is reached or missed."""
    cores = statistics.median(r.total for r in readings)
    worst = statistics.median(r.painted.worst_fps for r in readings)
    mean = statistics.median(r.painted.mean_fps for r in readings)
    latency = statistics.median(r.painted.latency for r in readings)
    each = f"{1000 * cores / (TILES * mean):.2f}" if mean else "-"
    goal = subject.goal
    # Who loses pictures works less: the cores that the goal's rate would take.
    needed = cores * max(1.0, goal.fps / mean) if mean else float("inf")
    at_rate = "cores" if mean >= goal.fps else f"cores ({needed:.2f} at {goal.fps} fps)"
    verdict = ", ".join(
        [
            judged(at_rate, goal.cores - needed, goal.cores),
            judged("fps", worst - goal.fps, goal.fps),
            judged("latency", goal.latency - latency, goal.latency),
        ]
    )
    aim = f"{goal.cores}, {goal.fps} fps, {1000 * goal.latency:.0f} ms"
    figures = f"{cores:.2f} | {worst:.1f} | {1000 * latency:.0f} | {each}"
    return f"| {subject.name} | {figures} | {aim} | {verdict} |"
