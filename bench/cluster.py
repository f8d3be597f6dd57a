"""What several instances cost, and what the end of one does to readers at the others: `npm run bench -- --cluster`.

A table of its own in docs/PERFORMANCE.md. All instances, their Redis and the cameras are on this machine, so that
what a relay adds is told without a network's part.
"""

import math
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from hosts import Running
from machine import describe, describe_camera
from measuring import Bench
from page import judged
from plan import CLIP, KEEPS_UP, SMALL, Plan
from report import number
from rig import processes
from rig.camera import Cameras
from rig.clip import Clip
from rig.cluster import Cluster, Instance, Redis, new_key
from rig.waiting import eventually
from rig.watching import UNDER_WAY, Watch, watching
from subjects import Subject

NAMES = ("one", "two", "three")
#: As many cameras as an instance opens unless it is told otherwise.
PLENTY = 500
#: The cameras whose owner's CPU time is looked at.
RELAYED = 8
#: Those whose owner ends: little to send, and a keyframe a second. All three instances have some.
TINY = Clip(320, 180, 200, frames=250, fps=25, gop=25)
HANDED_ON = 12
#: No camera has moved for so long before an owner ends.
STILL = 3.0
#: What readers need until they run smoothly. Up to a second more: another phase of beats and keyframes each time.
SMOOTH = 1.0
#: A reader without a frame for so long was disturbed.
DISTURBED = 0.5
#: Who has no frame after this gets none.
PATIENCE = 20.0
#: No more is tried of what has failed so often.
ENOUGH = 3

#: What a relay may add (ms) and cost its owner (cores), and how long pictures may be away (s).
ADDED, COST, KILLED, DRAINED = 5.0, 0.005, 7.0, 2.5

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cost:
    """Cores that one camera takes at its owner, and the slowest reader's rate."""

    cores: float
    fps: float | None


@dataclass(frozen=True)
class Outage:
    """What the end of an owner was like at the others, in seconds; infinite where no frames came any more."""

    #: The slowest reader of its cameras.
    its: float
    #: The longest time without a frame, for each reader of other cameras.
    rest: list[float]


@dataclass
class Found:
    """What has been measured, reading by reader's place or turn by turn."""

    #: p50 of the pictures' ages in ms.
    ages: dict[str, list[float]] = field(default_factory=dict)
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    kills: list[Outage] = field(default_factory=list)
    drains: list[Outage] = field(default_factory=list)
    #: What could not be measured.
    notes: list[str] = field(default_factory=list)

    def failed(self, what: str, error: Exception) -> None:
        self.notes.append(f"- {what}: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}")


def measure(server: str, plan: Plan, tell: Tell) -> str:
    """Everything, as the page's section in Markdown."""
    about, found = describe(server), Found()
    for what, look in (("latency", latency), ("the owner's CPU", cost), ("kill -9", kills), ("SIGTERM", drains)):
        try:
            look(found, plan, tell)
        except Exception as error:  # one failed measurement does not take the others along
            found.failed(what, error)
    # Where a signal came into the last one.
    tell("")
    return "\n".join([*about, *method(plan), "", *table(found), *(["", *found.notes] if found.notes else [])])


@contextmanager
def sharing(clip: Clip, cameras: int, capacities: Sequence[int]) -> Iterator[Cluster]:
    """So many cameras that are shared by an instance for each capacity."""
    key = new_key()
    with Redis() as redis, Cameras(clip, cameras=cameras) as site:
        instances = [
            Instance(name, redis, key, ["--capacity", str(capacity)], env={"LOG_LEVEL": "warn"})
            for name, capacity in zip(NAMES, capacities)
        ]
        with Cluster(site, instances) as cluster:
            yield cluster


def turns(plan: Plan, places: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each place once a round; each round the other way round, so that none always follows the same one."""
    for turn in range(plan.rounds):
        for place in places if turn % 2 == 0 else places[::-1]:
            yield turn + 1, place


# Relays

NOBODY, AT_OWNER, ELSEWHERE = "nobody", "at its owner", "at another instance"


def latency(found: Found, plan: Plan, tell: Tell) -> None:
    """One camera, read at its owner and elsewhere. Each instance has room for one of two cameras."""
    with sharing(CLIP, cameras=2, capacities=(1, 1)) as cluster:
        bench = Bench(cluster.cameras, plan)
        at = {AT_OWNER if "cam0" in cluster.cameras_of(each) else ELSEWHERE: each for each in cluster.instances}
        for turn, place in turns(plan, (AT_OWNER, ELSEWHERE)):
            tell(f"several instances, round {turn}: latency {place}")
            reader = Subject(place, "PythonClient", partial(Running, at[place]))
            found.ages.setdefault(place, []).append(bench.read(reader, size=SMALL).age(50))


def cost(found: Found, plan: Plan, tell: Tell) -> None:
    """The owner's CPU time. The second instance, where the relays are, has room for one camera only."""
    with sharing(CLIP, cameras=RELAYED + 1, capacities=(PLENTY, 1)) as cluster:
        owner, other = cluster.instances
        its = cluster.cameras_of(owner)
        for turn, place in turns(plan, (NOBODY, AT_OWNER, ELSEWHERE)):
            tell(f"several instances, round {turn}: the owner's CPU, {place} reads")
            with watching(other if place == ELSEWHERE else owner, its if place != NOBODY else []) as watches:
                all_read(watches)
                wanted = len(its) if place == ELSEWHERE else 0
                eventually(lambda wanted=wanted: relays(owner, its) == wanted, within=10)
                time.sleep(plan.fill)
                before, begun = [watch.frames() for watch in watches], time.monotonic()
                cores = processes.cores_used(owner.pid, plan.idle)
                took = time.monotonic() - begun
                rates = [(watch.frames() - had) / took for watch, had in zip(watches, before)]
            found.costs.setdefault(place, []).append(Cost(cores / len(its), min(rates, default=None)))


def relays(owner: Instance, streams: Sequence[str]) -> int:
    """How many other instances read these streams."""
    told = [owner.ask("GET", f"/api/streams/{stream}/consumers").json["consumers"] for stream in streams]
    return sum(consumer["kind"] == "relay" for consumers in told for consumer in consumers)


def all_read(watches: Sequence[Watch]) -> None:
    eventually(lambda: all(watch.frames() for watch in watches), within=PATIENCE)


# Ends of an owner


def kills(found: Found, plan: Plan, tell: Tell) -> None:
    """By kill -9: the time until there are new frames."""

    def kill(owner: Instance, its: list[Watch]) -> float:
        killed = time.monotonic()
        owner.kill()
        return last_after(its, killed + UNDER_WAY) - killed

    ends(found, found.kills, "kill -9", plan.kills, kill, tell)


def drains(found: Found, plan: Plan, tell: Tell) -> None:
    """By SIGTERM: how long the pictures stand still, while it hands its cameras over."""

    def drain(owner: Instance, its: list[Watch]) -> float:
        told = time.monotonic()
        owner.send_signal(signal.SIGTERM)
        code = owner.wait(PATIENCE)
        assert code == 0, f"the instance ended with exit code {code}"
        last = last_after(its, time.monotonic())
        return max(watch.longest_gap(told) for watch in its) if last < math.inf else last

    ends(found, found.drains, "SIGTERM", plan.drains, drain, tell)


def ends(
    found: Found,
    outages: list[Outage],
    what: str,
    times: int,
    end: Callable[[Instance, list[Watch]], float],
    tell: Tell,
) -> None:
    """Let the instances end one after the other; each is back before the next one goes."""
    failed = 0
    with sharing(TINY, cameras=HANDED_ON, capacities=[PLENTY] * len(NAMES)) as cluster:
        for turn in range(times):
            tell(f"several instances: {what}, {turn + 1} of {times}")
            owner = cluster.instances[turn % len(cluster.instances)]
            try:
                cluster.revive()
                cluster.stand_still(STILL)
                outages.append(outage(cluster, owner, SMOOTH + 0.618 * turn % 1, end))
            except Exception as error:
                found.failed(f"{what}, {turn + 1} of {times}", error)
                failed += 1
                if failed == ENOUGH:
                    return
            finally:
                owner.kill()


def outage(cluster: Cluster, owner: Instance, after: float, end: Callable[[Instance, list[Watch]], float]) -> Outage:
    """All cameras are read at the other instances when this one ends."""
    with ExitStack() as stack:
        watches = {each.name: stack.enter_context(watching(each, cluster.streams)) for each in cluster.others(owner)}
        its, rest = cluster.split(owner, watches)
        all_read([*its, *rest])
        time.sleep(after)
        begun = time.monotonic()
        away = end(owner, its)
        return Outage(away, [watch.longest_gap(begun) for watch in rest])


def last_after(watches: Sequence[Watch], moment: float) -> float:
    """When the last of them got its first frame after this moment; infinite when one got none in time."""

    def firsts() -> list[float]:
        found = [watch.next_after(moment) for watch in watches]
        return [at for at in found if at is not None] if None not in found else []

    try:
        return max(eventually(firsts, within=PATIENCE))
    except AssertionError:
        return math.inf


# What is told


def method(plan: Plan) -> list[str]:
    """How it was measured, a line each."""
    rounds = f"medians of {plan.rounds} rounds" if plan.rounds > 1 else "one round"
    return [
        describe_camera(),
        f"- relays: {rounds}, in turns; {plan.seconds:g} s a reading of latency, {plan.idle:g} s"
        f" a reading of the CPU time of an owner of {RELAYED} cameras",
        f"- ends of an owner: three instances with {HANDED_ON} cameras of {TINY.size}, {TINY.fps} fps, keyframe every"
        f" {TINY.gop} frames; all are read at the other two",
    ]


def table(found: Found) -> list[str]:
    rows = [*latency_rows(found.ages), *cost_rows(found.costs)]
    rows += outage_rows(f"`kill -9` of an owner ({len(found.kills)} times): new frames", found.kills, 95, KILLED)
    rows += outage_rows(f"`SIGTERM` ({len(found.drains)} times): pictures stand still", found.drains, 100, DRAINED)
    return ["| | | goal | |", "|-|-|-|-|", *rows]


def latency_rows(ages: dict[str, list[float]]) -> list[str]:
    p50 = {place: statistics.median(found) for place, found in ages.items()}
    size = f"{SMALL[0]}x{SMALL[1]}"
    rows = [row(f"camera to numpy, {size}, read {place}, p50 (ms)", number(value)) for place, value in p50.items()]
    if len(p50) == 2:
        rows.append(aimed("what the relay adds, p50 (ms)", p50[ELSEWHERE] - p50[AT_OWNER], ADDED))
    return rows


def cost_rows(costs: dict[str, list[Cost]]) -> list[str]:
    cores = {place: statistics.median(cost.cores for cost in found) for place, found in costs.items()}
    rates = {place: [cost.fps for cost in found if cost.fps is not None] for place, found in costs.items()}
    rows = []
    for place, value in cores.items():
        what = "nobody reads" if place == NOBODY else f"is read {place}, undecoded"
        rate = f", {statistics.median(rates[place]):.0f} fps" if rates[place] else ""
        rows.append(row(f"the owner's CPU for a camera that {what} (% of a core)", number(100 * value) + rate))
    if NOBODY in cores and ELSEWHERE in cores:
        title = "what a relay costs the owner, for each camera (% of a core)"
        added, slowest = 100 * (cores[ELSEWHERE] - cores[NOBODY]), min(rates[ELSEWHERE])
        if slowest < KEEPS_UP * CLIP.fps:
            # Who loses frames works less.
            verdict = f"**missed**: {slowest:.0f} of {CLIP.fps} fps"
            rows.append(row(title, number(added), number(100 * COST), verdict))
        else:
            rows.append(aimed(title, added, 100 * COST))
    return rows


def outage_rows(what: str, outages: list[Outage], percent: int, goal: float) -> list[str]:
    """`percent`: the percentile that the goal is for."""
    if not outages:
        return []
    away = sorted(outage.its for outage in outages)
    rest = [gap for outage in outages for gap in outage.rest]
    rows = [row(f"{what}, p50 (s)", number(statistics.median(away)))]
    for each in sorted({percent, 100}):
        title = "the same, the longest (s)" if each == 100 else f"the same, p{each} (s)"
        # The nearest rank: what is between two turns was not seen.
        value = away[math.ceil(len(away) * each / 100) - 1]
        rows.append(aimed(title, value, goal) if each == percent else row(title, number(value)))
    disturbed = sum(gap >= DISTURBED for gap in rest)
    told = f"{number(max(rest, default=0.0))}; {disturbed} of {len(rest)} readers waited {DISTURBED:g} s or more"
    return [*rows, row("meanwhile, other cameras' readers: the longest wait for a frame (s)", told)]


def aimed(title: str, value: float, goal: float) -> str:
    """A row with a goal: at most so much."""
    verdict = "**missed**" if math.isinf(value) else judged("", goal - value, goal)
    return row(title, number(value), number(goal), verdict)


def row(title: str, value: str, goal: str = "-", verdict: str = "") -> str:
    return f"| {title} | {value} | {goal} | {verdict} |"
