"""What was found, as data: rows with a value for each subject, and series that grow."""

import math
import statistics
from dataclasses import dataclass, field

from plan import KEEPS_UP
from subjects import Subject

#: The most that twice as much work may cost.
LINEAR = 2.0


@dataclass(frozen=True)
class Goal:
    """At most this much, for Fanlight's ways that copy pictures, or for those that give views of them."""

    value: float
    label: str = ""
    views: bool = False


@dataclass
class Cell:
    """What one subject got in one row, a value a round."""

    values: list[float] = field(default_factory=list)
    #: The slowest reader's rate, where there are readers.
    fps: list[float] = field(default_factory=list)
    #: Why there is no value.
    note: str = ""

    @property
    def middle(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    @property
    def slowest(self) -> float | None:
        return statistics.median(self.fps) if self.fps else None

    def keeps_up(self, fps: float) -> bool:
        return self.slowest is None or self.slowest >= KEEPS_UP * fps


@dataclass
class Row:
    """One line of a table."""

    title: str
    unit: str
    goals: tuple[Goal, ...] = ()
    cells: dict[str, Cell] = field(default_factory=dict)

    def cell(self, subject: Subject) -> Cell:
        return self.cells.setdefault(subject.name, Cell())

    def add(self, subject: Subject, value: float, fps: float | None = None) -> None:
        cell = self.cell(subject)
        cell.values.append(value)
        if fps is not None:
            cell.fps.append(fps)

    def part_of(self, title: str, whole: str, *goals: Goal) -> "Row":
        """Each subject's value as a part of another's."""
        base = self.cells[whole].middle if whole in self.cells else None
        row = Row(title, "", goals)
        for name, cell in self.cells.items():
            if name != whole and base and cell.middle is not None:
                row.cells[name] = Cell([cell.middle / base])
        return row


@dataclass
class Series:
    """How a cost grows for one subject: points of (how much there is to do, cost)."""

    subject: str
    points: list[tuple[float, float]] = field(default_factory=list)
    #: Why it ends where it does.
    note: str = ""

    @property
    def doubling(self) -> float | None:
        """What doubling the work multiplies the cost by, fitted to all points (least squares of logarithms)."""
        points = [(math.log2(x), math.log2(y)) for x, y in self.points if x > 0 and y > 0]
        if len(points) < 2:
            return None
        return float(2 ** statistics.linear_regression(*zip(*points)).slope)

    @property
    def last_doubling(self) -> float | None:
        """The same between the last two points, where what is there once weighs least."""
        if len(self.points) < 2:
            return None
        (x1, y1), (x2, y2) = self.points[-2:]
        return float((y2 / y1) ** (1 / math.log2(x2 / x1))) if y1 > 0 and y2 > 0 else None


@dataclass
class Growth:
    """One question of growth, with a series for each subject."""

    key: str
    title: str
    #: What grows, and what it costs, as a chart's axes are named.
    work: str
    cost: str
    series: list[Series] = field(default_factory=list)
