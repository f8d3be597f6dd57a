"""Who is measured: a way to read, and what it reads from. The order is that of the tables' columns.

A new way to read Fanlight is a class in sources.py, a host in hosts.py that tells it where to read, and a
line here; `views` says that its pictures are not copied for the reader, which has goals of its own.
"""

import os
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hosts import Direct, Fanlight, FanlightWebSocket, Host
from peers import Go2rtc, MediaMtx, OldServer, OldServerFrames

#: What the internet tells people to set against latency.
TUNED = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"


@dataclass(frozen=True)
class Subject:
    """One column."""

    name: str
    #: A class of sources.py.
    way: str
    host: Callable[[], Host]
    #: What the way of reading is told beside where to read.
    how: dict[str, Any] = field(default_factory=dict)
    ours: bool = False
    views: bool = False
    #: Its server is looked at without readers, too; one subject for each server.
    rests: bool = True
    #: Left out of a quick run.
    slow: bool = False


VIEWS = Subject("Fanlight, views", "PythonClient", Fanlight, how={"view": True}, ours=True, views=True)
COPIES = Subject("Fanlight, copies", "PythonClient", Fanlight, ours=True, rests=False)
HTTP = Subject("Fanlight, HTTP", "PythonClient", Fanlight, how={"http": True}, ours=True, rests=False)
CV2 = Subject("cv2.VideoCapture", "OpenCV", Direct)
#: Those whose growth is drawn.
GROWING = (VIEWS, CV2)

OURS = [
    VIEWS,
    COPIES,
    HTTP,
    Subject("Fanlight, WebSocket", "WebSocket", FanlightWebSocket, ours=True, rests=False, slow=True),
]
OPENCV = [CV2, Subject("cv2, tuned", "OpenCV", Direct, how={"options": TUNED}, slow=True)]


@dataclass(frozen=True)
class Other:
    """A server that is measured where its binary is given, by option or by environment variable."""

    name: str
    option: str
    subjects: Callable[[str], list[Subject]]

    @property
    def variable(self) -> str:
        return self.option.upper().replace("-", "_")


OTHERS = [
    Other("go2rtc", "go2rtc", lambda path: [Subject("go2rtc + cv2", "OpenCV", partial(Go2rtc, path))]),
    Other("MediaMTX", "mediamtx", lambda path: [Subject("MediaMTX + cv2", "OpenCV", partial(MediaMtx, path))]),
    Other(
        "the old Go server",
        "old-server",
        lambda path: [
            Subject("old server, WebSocket", "WebSocket", partial(OldServer, path)),
            Subject("old server, GET /frame", "FramePoll", partial(OldServerFrames, path), rests=False, slow=True),
        ],
    ),
]


def add_options(parser: ArgumentParser) -> None:
    """An option for each server whose binary has to be given."""
    for other in OTHERS:
        parser.add_argument(
            f"--{other.option}",
            metavar="PATH",
            default=os.environ.get(other.variable),
            help=f"measure {other.name}, too (or {other.variable})",
        )


def chosen(options: Namespace, quick: bool) -> tuple[list[Subject], list[str]]:
    """The subjects of this run, and a sentence for each server that is not among them."""
    subjects, missing = [*OURS, *OPENCV], []
    for other in OTHERS:
        path = getattr(options, other.option.replace("-", "_"))
        if not path:
            how = f"`npm run bench -- --{other.option} PATH`, or {other.variable}"
            missing.append(f"{other.name} was not run: give the path of its binary ({how}).")
        elif binary := shutil.which(path):
            subjects += other.subjects(os.path.abspath(binary))
        else:
            missing.append(f"{other.name} was not run: there is no program at {path}.")
    return [subject for subject in subjects if not (quick and subject.slow)], missing
