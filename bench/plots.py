"""Charts of what was found, as small SVG files that look the same wherever the page is read."""

import math
from pathlib import Path

import pygal
from pygal.style import Style

from plan import CLIP
from results import Cell, Growth, Row

STYLE = Style(
    background="white",
    plot_background="white",
    foreground="#333",
    foreground_strong="#111",
    foreground_subtle="#666",
    font_family="sans-serif",
    title_font_size=15,
    label_font_size=11,
    major_label_font_size=11,
    legend_font_size=12,
    value_font_size=10,
    # Fanlight's ways are blue and green, the others warm or grey.
    colors=("#1f6feb", "#2da44e", "#d4a72c", "#cf222e", "#8250df", "#bf8700", "#6e7781"),
)


def draw(folder: Path, subjects: list[str], groups: dict[str, list[Row]], growths: list[Growth]) -> dict[str, Path]:
    """Write the charts; each one's title, which begins with its table's, and file."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    drawn = {}
    for title, rows in groups.items():
        unit = rows[0].unit
        shown = [row for row in rows if row.unit == unit and row.goals and _compares(row, subjects)]
        if shown:
            heading = f"{title} ({unit}){', where all frames arrive' if unit == 'cores' else ''}"
            drawn[heading] = _bars(folder / f"{_slug(title)}.svg", heading, subjects, shown)
    for growth in growths:
        if any(len(series.points) > 1 for series in growth.series):
            drawn[growth.title] = _lines(folder / f"{growth.key}.svg", growth, subjects)
    return drawn


def _bars(path: Path, title: str, subjects: list[str], rows: list[Row]) -> Path:
    look = _look(title, 130 + 18 * len(rows) * len(subjects))
    if rows[0].unit == "ms":  # these lie between ten and thousands
        look |= {"logarithmic": True, "zero": 1, "y_labels": (1, 10, 100, 1000, 10_000)}
    chart = pygal.HorizontalBar(**look, print_values=True)
    rows = rows[::-1]  # it draws from the bottom
    chart.x_labels = [row.title for row in rows]
    for subject in subjects:
        chart.add(subject, [_bar(row.cells.get(subject, Cell())) for row in rows])
    chart.render_to_file(str(path))
    return path


def _lines(path: Path, growth: Growth, subjects: list[str]) -> Path:
    look = _look(growth.title, 360)
    chart = pygal.XY(**look, x_title=growth.work, y_title=growth.cost, dots_size=3, include_x_axis=True)
    chart.x_labels = sorted({round(x, 2) for series in growth.series for x, _ in series.points})
    points = {series.subject: series.points for series in growth.series}
    for subject in subjects:  # all of them, so that each keeps its colour; a title of None stays out of the legend
        found = [(round(x, 2), round(y, 4)) for x, y in points.get(subject, [])]
        chart.add(subject if found else None, found)
    chart.render_to_file(str(path))
    return path


def _look(title: str, height: int) -> dict[str, object]:
    return {
        "title": title,
        "width": 760,
        "height": height,
        "style": STYLE,
        # A page shows them as pictures: no script runs in them, and no style gets out of them.
        "js": (),
        "no_prefix": True,
        "stroke_style": {"width": 2},
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 2,
        "truncate_legend": -1,
        "truncate_label": -1,
    }


def _bar(cell: Cell) -> float | None:
    """Three digits; nothing where losing frames made it cheap."""
    value = cell.middle
    if value is None or math.isinf(value) or not cell.keeps_up(CLIP.fps):
        return None
    return float(f"{value:.3g}")


def _compares(row: Row, subjects: list[str]) -> bool:
    return sum(1 for name in subjects if name in row.cells and row.cells[name].values) > 1


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")
