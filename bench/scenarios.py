"""The rows of the table, and how each is measured. A scenario measures one subject once, and fills its rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from measuring import Bench, Rest
from plan import FULL, MOST_CAMERAS, SLOW, SMALL
from results import Goal, Row
from subjects import CV2, Subject

CORES, MS, MB = "cores", "ms", "MB"


@dataclass(frozen=True)
class Scenario:
    """What it is called while it runs, what it does, and the rows it fills."""

    title: str
    measure: Callable[[Subject], None]
    rows: list[Row]
    #: Part of a quick run.
    quick: bool = True
    #: For servers only.
    serving: bool = False


@dataclass(frozen=True)
class Load:
    """Some readers of one camera."""

    title: str
    readers: int
    size: tuple[int, int]
    goals: tuple[Goal, ...]
    quick: bool = False


LOADS = [
    Load("one 1080p reader", 1, FULL, (Goal(0.20),), quick=True),
    Load("four 1080p readers", 4, FULL, (Goal(0.23, "views", views=True), Goal(0.27, "copies")), quick=True),
    Load("eight 1080p readers", 8, FULL, (Goal(0.25, "views", views=True), Goal(0.36, "copies")), quick=True),
    Load("sixteen 1080p readers", 16, FULL, (Goal(0.28, "views", views=True), Goal(0.55, "copies"))),
    Load("one 640x480 reader", 1, SMALL, (Goal(0.16),), quick=True),
    Load("eight 640x480 readers", 8, SMALL, (Goal(0.20),)),
]


class Table:
    """All rows, filled as the scenarios run."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.p50 = Row("camera to numpy, 1080p, p50", MS, (Goal(13),))
        self.p99 = Row("camera to numpy, 1080p, p99", MS, (Goal(20),))
        self.added = Row("add a camera: its first frame, after the keyframe's", MS, (Goal(150),))
        self.next = Row("the next reader's first frame", MS, (Goal(150),))
        self.slow = Row("age of a slow script's frame (200 ms of work), p50", MS, (Goal(30),))
        self.back = Row("camera back after an outage: next frame, after the keyframe's", MS, (Goal(2000),))
        self.loads = {load.title: Row(load.title, CORES, load.goals) for load in LOADS}
        self.server_part = Row("one 1080p reader: the server's part", CORES)
        self.ffmpeg_part = Row("one 1080p reader: FFmpeg's part", CORES)
        self.idle = Row("a camera that nobody watches", CORES, (Goal(0.002),))
        self.idle_ffmpegs = Row("FFmpeg processes of such a camera", "", (Goal(0),))
        self.idle_memory = Row(f"each idle camera of {MOST_CAMERAS}, beyond the first", MB, (Goal(1.5),))
        self.eight_memory = Row("one 1080p camera and eight readers", MB, (Goal(380),))
        #: Servers without readers, by subject and number of cameras.
        self.rests: dict[tuple[str, int], Rest] = {}
        self._outages = 0

    def groups(self) -> dict[str, list[Row]]:
        """The rows as they are shown, with those that follow from others."""
        share = self.p50.part_of(f"the same, as a part of {CV2.name}'s", CV2.name, Goal(1 / 6))
        loads = list(self.loads.values())
        parts = [self.server_part, self.ffmpeg_part]
        return {
            "Latency and waiting": [self.p50, share, self.p99, self.added, self.next, self.slow, self.back],
            "CPU": [loads[0], *parts, *loads[1:], self.idle, self.idle_ffmpegs],
            "Memory": [self.idle_memory, self.eight_memory],
        }

    def scenarios(self) -> list[Scenario]:
        """Everything that is measured in a round."""
        loads = [Scenario(load.title, self._load(load), self._rows_of(load), load.quick) for load in LOADS]
        return [
            *loads,
            Scenario("the next reader", self._next, [self.next]),
            Scenario("a slow script", self._slow, [self.slow]),
            Scenario("a camera is added", self._added, [self.added]),
            Scenario("an outage", self._back, [self.back], quick=False),
            Scenario("nobody watches", self._idle, [self.idle, self.idle_ffmpegs], serving=True),
            Scenario("nobody watches many", self._idle_many, [self.idle_memory], serving=True),
        ]

    def load(self, readers: int, size: tuple[int, int]) -> Row | None:
        """The row of so many readers, when there is one."""
        found = [load for load in LOADS if (load.readers, load.size) == (readers, size)]
        return self.loads[found[0].title] if found else None

    def _rows_of(self, load: Load) -> list[Row]:
        rows = [self.loads[load.title]]
        if load is LOADS[0]:
            rows += [self.p50, self.p99]
        if (load.readers, load.size) == (8, FULL):
            rows.append(self.eight_memory)
        return rows

    def _load(self, load: Load) -> Callable[[Subject], None]:
        def measure(subject: Subject) -> None:
            row = self.loads[load.title]
            half = self.load(load.readers // 2, load.size)
            if half and not half.cell(subject).keeps_up(self.bench.site.clip.fps):
                row.cell(subject).note = f"not tried: {half.title} do not keep up"
                return
            seen = self.bench.read(subject, load.readers, size=load.size)
            row.add(subject, seen.all_cores, seen.fps)
            if self.p50 in self._rows_of(load):
                self.p50.add(subject, seen.age(50))
                self.p99.add(subject, seen.age(99))
                if subject.ours:
                    self.server_part.add(subject, seen.cores["server"])
                    self.ffmpeg_part.add(subject, seen.cores["ffmpeg"])
            if self.eight_memory in self._rows_of(load):
                self.eight_memory.add(subject, seen.memory)

        return measure

    def _next(self, subject: Subject) -> None:
        self.next.add(subject, self.bench.next_reader(subject))

    def _slow(self, subject: Subject) -> None:
        self.slow.add(subject, self.bench.read(subject, work=SLOW).age(50))

    def _added(self, subject: Subject) -> None:
        self.added.add(subject, self.bench.added(subject))

    def _back(self, subject: Subject) -> None:
        if math.inf in self.back.cell(subject).values:
            return  # once is enough to wait in vain
        # Another phase of the server's retries each time.
        self._outages += 1
        self.back.add(subject, self.bench.back(subject, away=3 + 0.7 * (self._outages % 5)))

    def _idle(self, subject: Subject) -> None:
        seen = self.rests[subject.name, 1] = self.bench.rest(subject, cameras=1)
        self.idle.add(subject, seen.cores)
        self.idle_ffmpegs.add(subject, seen.ffmpegs)

    def _idle_many(self, subject: Subject) -> None:
        one = self.rests[subject.name, 1]
        many = self.rests[subject.name, MOST_CAMERAS] = self.bench.rest(subject, cameras=MOST_CAMERAS)
        self.idle_memory.add(subject, (many.memory - one.memory) / (MOST_CAMERAS - 1))
