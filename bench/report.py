"""How the bench tells what it found: Markdown tables, and the measured part of docs/PERFORMANCE.md."""

import math
import os
from dataclasses import dataclass

import page
import plots
from results import LINEAR, Cell, Goal, Growth, Row
from subjects import Subject


@dataclass(frozen=True)
class Report:
    """One run's findings."""

    description: list[str]
    subjects: list[Subject]
    groups: dict[str, list[Row]]
    growths: list[Growth]
    #: What else a reader of the tables has to know.
    remarks: list[str]
    fps: float

    def text(self) -> str:
        """All of it in Markdown, without the charts."""
        return self._assemble({})

    def write(self) -> str:
        """Put it into docs/PERFORMANCE.md, and the charts beside it."""
        names = [subject.name for subject in self.subjects]
        folder = page.PAGE.parent
        charts = plots.draw(folder / "bench", names, self.groups, self.growths)
        links = {title: os.path.relpath(path, folder) for title, path in charts.items()}
        return page.put("bench", self._assemble(links))

    def _assemble(self, charts: dict[str, str]) -> str:
        parts = ["\n".join([*self.description, *(f"- {remark}" for remark in self.remarks)])]
        for title, rows in self.groups.items():
            parts += [f"## {title}", self._table(rows)]
            parts += [f"![{chart}]({path})" for chart, path in charts.items() if chart.startswith(title)]
        if self.growths:
            parts += [
                "## Growth",
                f"Twice the work may cost {LINEAR:.0f} times as much at most; `doubling` is fitted to all points.",
            ]
        for growth in self.growths:
            parts += [f"### {growth.title}", _growth(growth)]
            parts += [f"![{chart}]({path})" for chart, path in charts.items() if chart == growth.title]
        return "\n\n".join(parts)

    def _table(self, rows: list[Row]) -> str:
        titles = [subject.name for subject in self.subjects]
        lines = [f"| | {' | '.join(titles)} | goal | |", "|-" * (len(titles) + 3) + "|"]
        notes = []
        for row in rows:
            cells = [row.cells.get(title, Cell()) for title in titles]
            if not any(cell.values or cell.note for cell in cells):
                continue  # not part of this run
            title = f"{row.title} ({row.unit})" if row.unit else row.title
            values = [_cell(cell) for cell in cells]
            goals = " / ".join(_goal(goal) for goal in row.goals)
            lines.append(f"| {' | '.join([title, *values, goals or '-', self._verdict(row)])} |")
            notes += [f"- {row.title}, {name}: {cell.note}" for name, cell in zip(titles, cells) if cell.note]
        return "\n".join(lines + (["", *notes] if notes else []))

    def _verdict(self, row: Row) -> str:
        return "; ".join(self._reached(row, goal) for goal in row.goals)

    def _reached(self, row: Row, goal: Goal) -> str:
        """How a goal and the best of Fanlight's ways that it is meant for compare."""
        ours = [s for s in self.subjects if s.ours and (s.views == goal.views or not goal.label)]
        found = [(s, cell, cell.middle) for s in ours if (cell := row.cells.get(s.name)) and cell.middle is not None]
        label = f"{goal.label}: " if goal.label else ""
        if not found:
            return f"{label}not measured"
        best, cell, value = min(found, key=lambda entry: (not entry[1].keeps_up(self.fps), entry[2]))
        way = best.name.removeprefix("Fanlight, ")
        if not cell.keeps_up(self.fps):
            return f"{label}**missed**: {cell.slowest:.0f} of {self.fps:.0f} fps ({way})"
        if math.isinf(value):
            return f"{label}**missed** ({way})"
        if not goal.value:
            return label + ("reached" if value <= 0 else "**missed**")
        by = f"{abs(value / goal.value - 1):.0%}".replace("%", " %")
        return f"{label}reached, {by} below ({way})" if value <= goal.value else f"{label}**missed** by {by} ({way})"


def number(value: float | None) -> str:
    """Three digits at most that mean something."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "never"
    if value == 0:
        return "0"
    digits = 0 if value >= 20 else 1 if value >= 2 else 2 if value >= 0.01 else 4
    return f"{value:.{digits}f}"


def _cell(cell: Cell) -> str:
    rate = f", {cell.slowest:.0f} fps" if cell.slowest is not None else ""
    return number(cell.middle) + rate


def _goal(goal: Goal) -> str:
    return f"{number(goal.value)} {goal.label}".strip()


def _growth(growth: Growth) -> str:
    notes = [f"- {series.subject} {series.note}" for series in growth.series if series.note]
    steps = sorted({x for series in growth.series for x, _ in series.points})
    if not steps:
        return "\n".join(["Not measured:", "", *notes])
    heads = [growth.work, *(f"{step:.3g}" for step in steps), "doubling", "last doubling"]
    lines = [f"| {' | '.join(heads)} |", "|-" * len(heads) + "|"]
    for series in growth.series:
        costs = dict(series.points)
        factors = [_factor(series.doubling), _factor(series.last_doubling)]
        cells = [f"{series.subject} ({growth.cost})", *(number(costs.get(step)) for step in steps), *factors]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines + (["", *notes] if notes else []))


def _factor(factor: float | None) -> str:
    """What doubling costs; a twentieth above is what a noisy machine adds."""
    if factor is None:
        return "-"
    return f"{factor:.2f}" if factor <= 1.05 * LINEAR else f"**{factor:.2f}**"
