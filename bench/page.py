"""The measured parts of docs/PERFORMANCE.md: each between its own markers, and what else is there stays."""

from rig.server import ROOT

PAGE = ROOT / "docs" / "PERFORMANCE.md"


def put(name: str, text: str) -> str:
    """Put it in the place of what stood between the markers of this name; the page's path in the repository."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text()
    if begin not in page:
        page += f"\n{begin}\n{end}\n"
    head, rest = page.split(begin, 1)
    tail = rest.split(end, 1)[1]
    PAGE.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}")
    return str(PAGE.relative_to(ROOT))


def judged(what: str, better_by: float, goal: float) -> str:
    """Whether a goal is reached, and by how much of itself."""
    part = f"by {abs(better_by) / goal:.0%}".replace("%", " %")
    return f"{what} reached {part}".strip() if better_by >= 0 else f"{what} **missed** {part}".strip()
