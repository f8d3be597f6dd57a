"""Finished packages as fixtures: what the tools say is in them, and what came of installing them."""

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from package.booted import NotBooted, server_journey_of
from package.root import journey_of, way_in

#: Where `npm run package` put them.
PACKAGES = os.environ.get("FANLIGHT_PACKAGES")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if PACKAGES:
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip("FANLIGHT_PACKAGES not set: run npm test -- --only package"))


def said_by(*command: str) -> str:
    """What a tool prints; fails when the tool does."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def the_only(kind: str) -> Path:
    assert PACKAGES
    found = sorted(Path(PACKAGES).glob(f"{kind}/*.{kind}"))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="session")
def deb() -> Path:
    return the_only("deb")


@pytest.fixture(scope="session")
def rpm() -> Path:
    return the_only("rpm")


@pytest.fixture(scope="session")
def server_deb() -> Path:
    assert PACKAGES
    found = sorted(Path(PACKAGES).glob("server/*.deb"))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="session")
def server_journey(server_deb: Path) -> dict[str, Any]:
    """What came of the server's package on a system that systemd booted. Done once for all tests."""
    try:
        return server_journey_of(server_deb)
    except NotBooted as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def unpacked(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the .deb."""
    folder = tmp_path_factory.mktemp("deb")
    said_by("dpkg-deb", "-x", str(deb), str(folder))
    return folder


@pytest.fixture(scope="session")
def journey(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    """`journey("deb")`: what came of installing, using and removing it. Done once for all tests."""

    @cache
    def of(kind: str) -> dict[str, Any]:
        if way_in() is None:
            pytest.skip("packages are installed in namespaces, which need root or sudo without a password")
        return journey_of(kind, request.getfixturevalue(kind))

    return of
