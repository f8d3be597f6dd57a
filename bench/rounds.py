"""Who is measured when: all subjects in turns, round after round while there is time."""

import time
from collections.abc import Callable

import machine
from growth import Growths
from measuring import Bench
from plan import CLIP, MOST_CAMERAS, Plan
from report import Report
from results import Growth
from rig.camera import Cameras
from scenarios import Table
from subjects import GROWING, Subject

Tell = Callable[[str], None]


def measure(server: str, plan: Plan, subjects: list[Subject], remarks: list[str], tell: Tell) -> Report:
    """Everything that the plan has time for. The growth comes after the first round, whose figures it uses."""
    description, begun = [*machine.describe(server), machine.describe_camera()], time.monotonic()
    growths: list[Growth] = []
    rounds, last = 0, 0.0
    with Cameras(CLIP, cameras=MOST_CAMERAS) as site:
        table = Table(Bench(site, plan))
        while rounds < plan.rounds and time.monotonic() - begun + last < 60 * plan.minutes:
            started = time.monotonic()
            # Each round the other way round, so that nobody always follows the same one.
            play_round(table, subjects if rounds % 2 == 0 else subjects[::-1], rounds + 1, tell)
            last = time.monotonic() - started
            rounds += 1
            if rounds == 1 and not plan.quick:
                growths = Growths(table, [subject for subject in GROWING if subject in subjects], tell).measure()
    took = (time.monotonic() - begun) / 60
    method = f"medians of {rounds} rounds" if rounds > 1 else "one round"
    method += f", {plan.seconds:g} s a reading, subjects in turns; {took:.0f} min in all"
    return Report(description, subjects, table.groups(), growths, [method, *remarks], CLIP.fps)


def play_round(table: Table, subjects: list[Subject], number: int, tell: Tell) -> None:
    """Every scenario once for each subject."""
    for scenario in table.scenarios():
        if table.bench.plan.quick and not scenario.quick:
            continue
        for subject in subjects:
            if scenario.serving and not (subject.rests and subject.host().serves):
                continue
            tell(f"round {number}: {scenario.title}, {subject.name}")
            try:
                scenario.measure(subject)
            except Exception as error:  # one failed measurement does not take the others along
                why = (str(error).splitlines() or [""])[0]
                for row in scenario.rows:
                    row.cell(subject).note = f"{type(error).__name__}: {why[:200]}"
