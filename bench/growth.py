"""How costs grow with cameras, readers and pixels: each question once, for a few subjects in turns."""

from collections.abc import Callable

from measuring import Bench, Reading
from plan import CLIP, FULL, MOST_CAMERAS, SMALL
from results import Growth, Series
from rig.camera import Cameras
from rig.clip import Clip
from scenarios import Table
from subjects import Subject

CAMERAS = (1, 2, 5, 10, MOST_CAMERAS)
READERS = (1, 2, 4, 8, 16)
#: The bitrate grows with the picture; short clips, as large pictures take long to encode.
CLIPS = tuple(
    Clip(width, width * 9 // 16, CLIP.kbit * width**2 // CLIP.width**2, frames=100, fps=CLIP.fps, gop=CLIP.gop)
    for width in (640, 1280, 1920, 3840)
)

Tell = Callable[[str], None]
#: One more point of a series: the costs to note, one for each growth.
Measure = Callable[[Subject, int], tuple[float, ...]]


class Saturated(Exception):
    """The readers no longer keep up, so that a series ends here."""

    def __init__(self, fps: float) -> None:
        super().__init__(f"the machine is saturated, the slowest reader gets {fps:.0f} fps")


class Growths:
    """All questions of growth, answered one after the other."""

    def __init__(self, table: Table, subjects: list[Subject], tell: Tell) -> None:
        self._table, self._bench, self._subjects, self._tell = table, table.bench, subjects, tell

    def measure(self) -> list[Growth]:
        """Ask them all."""
        servers = [subject for subject in self._subjects if subject.rests and subject.host().serves]
        return [
            *self._grow(
                [
                    Growth("idle-cpu", "Cameras that nobody watches: CPU", "cameras", "cores"),
                    Growth("idle-memory", "Cameras that nobody watches: memory", "cameras", "MB"),
                ],
                servers,
                CAMERAS,
                self._idle,
            ),
            *self._grow(
                [Growth("cameras", "Cameras with a 640x480 reader each", "cameras", "cores")],
                self._subjects,
                CAMERAS,
                self._cameras,
            ),
            *self._grow(
                [Growth("readers", "1080p readers of one camera", "readers", "cores")],
                self._subjects,
                READERS,
                self._readers,
            ),
            *self._grow(
                [
                    Growth("pixels", "Pixels of the camera, one reader: CPU", "megapixels", "cores"),
                    Growth("pixels-latency", "Pixels of the camera, one reader: latency p50", "megapixels", "ms"),
                ],
                self._subjects,
                tuple(range(len(CLIPS))),
                self._pixels,
                work=lambda step: CLIPS[step].width * CLIPS[step].height / 1e6,
            ),
        ]

    def _grow(
        self,
        growths: list[Growth],
        subjects: list[Subject],
        steps: tuple[int, ...],
        measure: Measure,
        work: Callable[[int], float] = float,
    ) -> list[Growth]:
        for growth in growths:
            growth.series = [Series(subject.name) for subject in subjects]
        ended: set[int] = set()
        for step in steps:
            for number, subject in enumerate(subjects):
                if number in ended:
                    continue
                self._tell(f"growth: {growths[0].title}, {work(step):.3g} {growths[0].work}, {subject.name}")
                try:
                    costs = measure(subject, step)
                except Exception as error:  # one failed measurement does not take the others along
                    ended.add(number)
                    for growth in growths:
                        growth.series[number].note = f"ends before {work(step):.3g} {growth.work}: {error}"
                    continue
                for growth, cost in zip(growths, costs):
                    growth.series[number].points.append((work(step), cost))
        return growths

    def _idle(self, subject: Subject, cameras: int) -> tuple[float, ...]:
        seen = self._table.rests.get((subject.name, cameras)) or self._bench.rest(subject, cameras)
        return seen.cores, seen.memory

    def _cameras(self, subject: Subject, cameras: int) -> tuple[float, ...]:
        return (_smooth(self._bench.read(subject, cameras=cameras, size=SMALL)).all_cores,)

    def _readers(self, subject: Subject, readers: int) -> tuple[float, ...]:
        known = self._table.load(readers, FULL)
        if known is None:
            return (_smooth(self._bench.read(subject, readers)).all_cores,)
        cell = known.cell(subject)
        if cell.middle is None or cell.slowest is None:
            raise ValueError(cell.note)
        if not cell.keeps_up(self._bench.site.clip.fps):
            raise Saturated(cell.slowest)
        return (cell.middle,)

    def _pixels(self, subject: Subject, step: int) -> tuple[float, ...]:
        clip = CLIPS[step]
        with Cameras(clip) as site:
            seen = _smooth(Bench(site, self._bench.plan).read(subject, size=(clip.width, clip.height)))
            return seen.all_cores, seen.age(50)


def _smooth(seen: Reading) -> Reading:
    """The reading, whose readers kept up."""
    if seen.saturated:
        raise Saturated(seen.fps)
    return seen
