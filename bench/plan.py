"""How long and how often to measure, and what the cameras send."""

from dataclasses import dataclass

from rig.clip import Clip

#: 1080p, 25 fps, 4 Mbit/s, a keyframe every 2 s: what a common camera sends.
CLIP = Clip(1920, 1080, 4000, fps=25, gop=50)
FULL = (CLIP.width, CLIP.height)
SMALL = (640, 480)
#: The most cameras that are measured at one time.
MOST_CAMERAS = 20
#: The work of a slow script for each frame, in seconds.
SLOW = 0.2
#: A reader that gets less than this part of the camera's frames does not keep up.
KEEPS_UP = 0.95


@dataclass(frozen=True)
class Plan:
    """Durations in seconds, unless they say otherwise."""

    #: Rounds at most; each measures every subject once.
    rounds: int
    #: No round is begun that would end later than this, as long as the last one took.
    minutes: float
    #: How long readers are looked at.
    seconds: float
    #: What readers need until they run smoothly; not measured.
    settle: float
    #: How long a server is looked at that has little to do: of its CPU time only whole ticks of 10 ms are told.
    idle: float
    #: How often an owner of cameras is killed, and how often one is told to end.
    kills: int
    drains: int
    #: What a server keeps for late joiners has filled up after this.
    fill: float
    #: How long a camera's return is waited for.
    patience: float
    #: Leave out what takes long, and the growth.
    quick: bool = False


FULL_PLAN = Plan(rounds=3, minutes=22, seconds=4, settle=1.5, idle=20, kills=20, drains=10, fill=6, patience=12)
QUICK_PLAN = Plan(rounds=1, minutes=3, seconds=2, settle=1, idle=4, kills=3, drains=2, fill=2, patience=6, quick=True)
