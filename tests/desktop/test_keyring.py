"""Passwords lie in the system's keyring where it has one, and in a file of the user's own otherwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.app import App
from desktop.keyring import Keyring
from desktop.page import Page
from rig.camera import Cameras
from rig.waiting import eventually

CANARY = "c4nary-in-the-keyring"


@pytest.fixture
def keyring(app: App, tmp_path: Path) -> Iterator[Keyring]:
    with Keyring(tmp_path / "keyring") as keyring:
        app.variables |= keyring.environment
        yield keyring


def is_online(app: App) -> bool:
    return app.stream("door")["status"]["state"] == "online"


def add(app: App, cameras: Cameras) -> None:
    answer = app.ask("POST", "/api/streams", {"stream_id": "door", "rtsp_url": cameras.url()})
    assert answer.status == 200, answer.text
    eventually(lambda: is_online(app), within=15)


def camera_list(app: App) -> str:
    return (app.data / "cameras.json").read_text()


def test_a_password_lies_in_the_keyring(camera: Callable[..., Cameras], app: App, keyring: Keyring) -> None:
    cameras = camera(user="viewer", password=CANARY)
    keyring.open()
    app.start_plainly()
    add(app, cameras)
    assert CANARY not in camera_list(app)
    assert CANARY.encode() not in keyring.files(), "it is sealed there"
    app.stop()

    app.start_plainly()
    eventually(lambda: is_online(app), within=15)
    app.stop()

    # Without it nothing is lost, and the person is told.
    keyring.lock()
    app.start_plainly()
    notice = app.ask("GET", "/api/info").json["notice"]
    assert "keyring" in notice, notice
    assert not is_online(app)
    renamed = app.ask("PATCH", "/api/streams/door", {"name": "Front door"})
    assert renamed.status == 200, renamed.text
    app.stop()

    keyring.open()
    app.start_plainly()
    eventually(lambda: is_online(app), within=15)
    assert app.stream("door")["name"] == "Front door"
    assert app.ask("DELETE", "/api/streams/door/force").status == 200
    assert CANARY not in camera_list(app)
    assert CANARY not in app.log()


def test_a_password_of_the_file_moves_into_a_keyring(
    camera: Callable[..., Cameras], app: App, keyring: Keyring
) -> None:
    cameras = camera(user="viewer", password=CANARY)
    # On this bus is no keyring yet.
    app.start_plainly()
    add(app, cameras)
    assert CANARY in camera_list(app)
    assert (app.data / "cameras.json").stat().st_mode & 0o777 == 0o600
    app.stop()

    keyring.open()
    page = Page(app.start().driver)
    eventually(lambda: is_online(app), within=15)
    assert CANARY not in camera_list(app)
    assert page.invoke("desktop_settings")["secrets"] == "keyring"
