"""Fanlight beside its peers, in one run on one machine: `npm run bench`, or `python bench/run.py`.

Simulated cameras paint a number into each frame, so that every reader can tell when its frame was sent.
Prints tables and writes docs/PERFORMANCE.md with its charts. With --quick: shorter, and only prints. It is
no test: whatever it measures, it ends well.

    plan.py       how long, how often       rounds.py     who is measured when
    subjects.py   who is measured           sources.py    the ways to read
    hosts.py      Fanlight, or no server    reader.py     a reader's process
    peers.py      other servers             readers.py    readers as the bench holds them
    scenarios.py  the tables' rows          measuring.py  looking at readers while they run
    growth.py     the slopes                results.py    findings as data
    tiles.py      sixteen live tiles        screen_meter.py  what the screen really shows
    cluster.py    several instances         page.py       docs/PERFORMANCE.md
    machine.py    what it ran on            report.py     the tables             plots.py  their charts
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import cluster
import page
import subjects
import tiles
from plan import FULL_PLAN, QUICK_PLAN
from report import Report
from rig.server import ROOT
from rounds import measure


def main() -> int:
    """Measure, print, write. The exit code: 130 when it was stopped."""
    parser = argparse.ArgumentParser(description="Measure Fanlight beside its peers.")
    parser.add_argument("--quick", action="store_true", help="two minutes, printed only")
    parser.add_argument("--rounds", type=int, choices=range(1, 10), help="how often each subject is measured")
    parser.add_argument("--tiles", action="store_true", help="sixteen live tiles only, on a screen of their own")
    parser.add_argument("--cluster", action="store_true", help="several instances only, and what their ends do")
    subjects.add_options(parser)
    options = parser.parse_args()
    plan = QUICK_PLAN if options.quick else FULL_PLAN
    plan = replace(plan, rounds=options.rounds or plan.rounds)
    server = choose_server()
    if not Path(server).exists():
        print(f"There is no server at {server}; build one with: cargo build --release -p fanlight-server")
        return 0
    with stoppable() as stopped:
        try:
            if options.tiles:
                tell_section("tiles", tiles.measure(plan.rounds, partial(progress, stopped)), write=not plan.quick)
                return 0
            if options.cluster:
                found = cluster.measure(server, plan, partial(progress, stopped))
                tell_section("cluster", found, write=not plan.quick)
                return 0
            chosen, missing = subjects.chosen(options, plan.quick)
            tell(measure(server, plan, chosen, missing, partial(progress, stopped)), write=not plan.quick)
        except BaseException:
            # What breaks on the way out, when all processes got the same Ctrl-C, is no news.
            if not stopped:
                raise
            print("\nStopped.", file=sys.stderr)
            return 130
    return 0


def choose_server() -> str:
    """The server to measure: FANLIGHT_SERVER, else the release build, else the debug build."""
    builds = [ROOT / "target" / profile / "fanlight-server" for profile in ("release", "debug")]
    built = next((str(path) for path in builds if path.exists()), str(builds[0]))
    return os.environ.setdefault("FANLIGHT_SERVER", built)


def progress(stopped: list[int], text: str) -> None:
    """Tell what is measured next, on a terminal only, and go no further when a signal came.

    A server that got the same Ctrl-C is found to have ended, and that takes the place of the interruption.
    """
    if stopped:
        raise KeyboardInterrupt
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def tell(report: Report, write: bool) -> None:
    """Print the findings, and write the page."""
    progress([], "")
    print(f"\n{report.text()}")
    if write:
        print(f"\nwritten to {report.write()}")


def tell_section(name: str, text: str, write: bool) -> None:
    """Print what was found, and write it into its section of the page."""
    progress([], "")
    print(f"\n{text}")
    if write:
        print(f"\nwritten to {page.put(name, text)}")


@contextmanager
def stoppable() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM unwind the measurement; further ones do not disturb that. What was told, as a list."""
    told: list[int] = []

    def stop(number: int, _frame: object) -> None:
        told.append(number)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    try:
        yield told
    finally:
        end_children()


def end_children() -> None:
    """End whatever this process has started and not ended itself."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


if __name__ == "__main__":
    sys.exit(main())
