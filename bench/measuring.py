"""Looking at readers while they run: CPU of all that works for them, memory, rates, and how old their pictures are."""

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from hosts import Host, Parts, Size
from plan import FULL, KEEPS_UP, Plan
from readers import Log, Reader, ending
from rig import processes
from rig.camera import Cameras
from subjects import Subject

#: What each reader adds to the time until all run smoothly, in seconds.
SETTLE_EACH = 0.1


@dataclass(frozen=True)
class Reading:
    """What was seen of some readers: each one's log, cores used by each part, memory of all in MB."""

    logs: list[Log]
    cores: dict[str, float]
    memory: float
    #: Age of every picture that arrived, in ms.
    ages: list[float]
    #: The rate at which the camera sends.
    sent_fps: float

    @property
    def all_cores(self) -> float:
        return sum(self.cores.values())

    @property
    def fps(self) -> float:
        """The slowest reader's rate."""
        return min(log.fps for log in self.logs)

    @property
    def saturated(self) -> bool:
        """Whether a reader could not keep up, so that the cost is no longer that of all frames."""
        return self.fps < KEEPS_UP * self.sent_fps

    def age(self, percent: int) -> float:
        """A percentile of the pictures' ages."""
        return quantiles(self.ages, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True)
class Rest:
    """What was seen of a server that nobody reads from."""

    cores: float
    memory: float
    ffmpegs: int


class Usage:
    """CPU time between two moments, by part."""

    def __init__(self, parts: Parts) -> None:
        self._at, self._used = time.monotonic(), {part: processes.cpu_seconds(found) for part, found in parts.items()}

    def until(self, later: "Usage") -> dict[str, float]:
        """Cores used from then until `later`."""
        seconds = later._at - self._at
        return {part: (used - self._used.get(part, 0.0)) / seconds for part, used in later._used.items()}


class Bench:
    """The cameras, and how long to look."""

    def __init__(self, site: Cameras, plan: Plan) -> None:
        self.site, self.plan = site, plan

    def reader(self, subject: Subject, host: Host, camera: int = 0, size: Size = FULL, work: float = 0.0) -> Reader:
        """A reader that has not connected yet."""
        return Reader(subject.way, work, **host.source(self.site, camera, size), **subject.how)

    def read(
        self, subject: Subject, readers: int = 1, cameras: int = 1, size: Size = FULL, work: float = 0.0
    ) -> Reading:
        """So many readers of each of so many cameras, while they run smoothly."""
        with ExitStack() as stack:
            host = stack.enter_context(subject.host())
            for camera in range(cameras):
                host.add(self.site, camera, size)
            host.settle(cameras)
            running = stack.enter_context(ending([]))
            for number in range(cameras * readers):
                running.append(self.reader(subject, host, number % cameras, size, work))
            for reader in running:
                reader.ready()
            for reader in running:
                reader.go()
            for reader in running:
                reader.picture()
            time.sleep(self.plan.settle + SETTLE_EACH * len(running))
            started, before = time.time(), Usage(self._parts(host, running))
            time.sleep(self.plan.seconds)
            ended, after = time.time(), Usage(self._parts(host, running))
            memory = sum(processes.memory(found) for found in self._parts(host, running).values())
            logs = [reader.stop().between(started, ended) for reader in running]
        ages = [age for log in logs for age in log.ages(self.site.schedule)]
        return Reading(logs, before.until(after), memory, ages, self.site.clip.fps)

    def rest(self, subject: Subject, cameras: int) -> Rest:
        """A server with so many cameras that nobody watches."""
        with subject.host() as host:
            for camera in range(cameras):
                host.add(self.site, camera, FULL)
            host.settle(cameras)
            time.sleep(self.plan.fill)
            before = Usage(host.parts())
            time.sleep(self.plan.idle)
            cores = before.until(Usage(host.parts()))
            memory = sum(processes.memory(found) for found in host.parts().values())
            return Rest(sum(cores.values()), memory, host.ffmpegs())

    def next_reader(self, subject: Subject) -> float:
        """Milliseconds from connecting to the first picture, where another reader runs already."""
        with subject.host() as host:
            host.add(self.site, 0, FULL)
            host.settle(1)
            with ending([self.reader(subject, host), self.reader(subject, host)]) as (first, second):
                first.go()
                first.picture()
                second.ready()
                time.sleep(self.plan.settle)
                second.go()
                second.picture()
                log = second.stop()
                return 1000 * (log.frames[0].at - log.started)

    def added(self, subject: Subject) -> float:
        """Milliseconds from adding a camera to the first picture, less the wait for its keyframe."""
        with subject.host() as host, ending([self.reader(subject, host)]) as (reader,):
            reader.ready()
            asked = time.time()
            host.add(self.site, 0, FULL)
            reader.go()
            shown = reader.picture()
            return 1000 * (shown - asked - self._keyframe_wait(asked, shown))

    def back(self, subject: Subject, away: float) -> float:
        """Milliseconds from a camera's return after an outage to the next picture, less the wait for its keyframe.

        Infinite when no picture comes any more.
        """
        with subject.host() as host:
            host.add(self.site, 0, FULL)
            host.settle(1)
            with ending([self.reader(subject, host)]) as (reader,):
                reader.go()
                reader.picture()
                time.sleep(self.plan.settle)
                self.site.kill()
                time.sleep(away)
                reader.announce()
                self.site.start()
                on = self._when("ready")[-1]
                try:
                    shown = reader.picture(self.plan.patience)
                except TimeoutError:
                    return math.inf
                return 1000 * (shown - on - self._keyframe_wait(on, shown))

    def _keyframe_wait(self, since: float, shown: float) -> float:
        """Seconds from the last PLAY that the camera got in this time until it sent its next keyframe."""
        played = [at for at in self._when("play") if since <= at <= shown]
        if not played:
            return 0.0
        gop = self.site.clip.gop / self.site.clip.fps
        sent = self.site.t0 + gop * math.ceil((played[-1] - self.site.t0) / gop)
        # A keyframe on its way while PLAY was answered has come through, and cost no wait.
        return sent - played[-1] if sent <= shown else 0.0

    def _when(self, event: str) -> list[float]:
        """When the cameras told of this since they were last started."""
        told: list[dict[str, Any]] = self.site.events()
        return [each["t"] for each in told if each["ev"] == event]

    def _parts(self, host: Host, running: list[Reader]) -> Parts:
        readers = [process for reader in running for process in processes.family(reader.pid)]
        return {"readers": readers, **host.parts()}
