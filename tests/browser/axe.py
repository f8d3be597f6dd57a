"""axe, the accessibility checker, run inside a page."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.2 up to AA, and what axe's authors know to be good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What no page may have.
SERIOUS = {"serious", "critical"}


@dataclass(frozen=True)
class Finding:
    rule: str
    impact: str
    help: str
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.impact} {self.rule}: {self.help}\n    " + "\n    ".join(self.where)


def serious(page: Page) -> list[Finding]:
    """What a person with a screen reader, a keyboard or weak eyes cannot get past on this page now."""
    if not page.evaluate("'axe' in window"):
        # Evaluated by the debugger, so the page's content security policy has no say in it.
        page.evaluate(AXE.read_text())
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    findings = [
        Finding(
            rule=violation["id"],
            impact=violation["impact"] or "",
            help=violation["help"],
            where=tuple(
                f"{node['html'][:200]}  {(node.get('failureSummary') or '').splitlines()[-1:]}"
                for node in violation["nodes"]
            ),
        )
        for violation in found
    ]
    return [finding for finding in findings if finding.impact in SERIOUS]
