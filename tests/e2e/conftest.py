"""What most end-to-end tests share: one site with two small cameras and one server."""

from collections.abc import Iterator

import pytest

from rig.camera import Cameras
from rig.plugin import SMALL
from rig.server import Server
from rig.site import Site


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    with Cameras(SMALL, cameras=2) as cameras, Server() as server:
        yield Site(cameras, server)


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    """The site of this module, without streams; what a test added is removed after it."""
    yield running_site
    running_site.cameras.thaw()
    for stream in running_site.server.streams():
        running_site.server.ask("DELETE", f"/api/streams/{stream['stream_id']}/force")
