"""The rig as pytest fixtures: `clip`, `camera(...)`, `server(...)`, `browser`, `package`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rig.browser import Browser
from rig.camera import Cameras
from rig.clip import Clip
from rig.js_package import Package, pack
from rig.server import Server

#: A small picture: what matters is who gets it, not how large it is.
SMALL = Clip(640, 360, 600)
FULL_HD = Clip()


@pytest.fixture(scope="session")
def clip() -> Clip:
    """The small clip, encoded once and kept for later runs."""
    SMALL.path()
    return SMALL


@pytest.fixture
def camera(clip: Clip) -> Iterator[Callable[..., Cameras]]:
    """`camera()` starts a simulated camera; `camera(user=..., password=...)` one that asks for them."""
    with ExitStack() as stack:

        def start(which: Clip = clip, **options: Any) -> Cameras:
            return stack.enter_context(Cameras(which, **options))

        yield start


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    """`server()` starts a server on a port of its own, with an empty camera file of its own.

    At the end every server must have ended cleanly and left no FFmpeg process.
    """
    with ExitStack() as stack:

        def start(**options: Any) -> Server:
            return stack.enter_context(Server(**options))

        yield start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a module."""
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The JavaScript package, built and packed once."""
    return pack(tmp_path_factory.mktemp("package"))
