"""Settings that the page changes while the app runs, and what is in force of them."""

import os
import socket
import stat
from pathlib import Path

import pytest

from desktop import screen
from desktop.app import App
from desktop.page import Page, Refused
from desktop.tray import Tray
from rig import readers
from rig.camera import free_port
from rig.http import send
from rig.readers import Reader, reading
from rig.waiting import eventually


def start(app: App, **settings: object) -> Page:
    """The app on the port of its settings, not of the environment."""
    app.variables["PORT"] = None
    app.write_settings(port=app.port, **settings)
    return Page(app.start().driver)


def is_served(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_the_port_moves_without_a_restart_and_readers_follow(app: App) -> None:
    page = start(app)
    page.click("empty-try-demo")
    page.wait_live("demo")
    former, app.port = app.port, free_port()
    shown = page.change(port=app.port)
    assert (shown["port"], shown["port_in_use"], shown["port_from_environment"]) == (app.port, app.port, False)
    assert app.ask("GET", "/api/streams/demo/frame").status == 200
    eventually(lambda: not is_served(former), within=5)
    page.wait_live("demo")
    sockets = [file.name for file in (app.runtime / "fanlight").glob("frames-*.sock")]
    assert sockets == [f"frames-{app.port}-{app.pid}.sock"]
    python = Reader(readers.python_client, app.url, "demo", (320, 180), seconds=2.0)
    with reading(python):
        python.first_frame()
    app.stop()
    assert app.saved_settings()["port"] == app.port
    Page(app.start().driver)
    assert app.ask("GET", "/health").status == 200


def test_a_port_in_use_changes_nothing(app: App) -> None:
    page = start(app)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused) as refused:
            page.change(port=port, close_to_tray=False)
    assert (refused.value.why["code"], refused.value.why["field"]) == ("port_taken", "port")
    shown = page.invoke("desktop_settings")
    assert (shown["port"], shown["port_in_use"], shown["close_to_tray"]) == (app.port, app.port, True)
    assert app.ask("GET", "/health").status == 200


def test_the_environment_goes_before_the_port_of_the_settings(app: App, page: Page) -> None:
    shown = page.change(port=free_port())
    assert shown["port_from_environment"]
    assert shown["port_in_use"] == app.port
    assert app.ask("GET", "/health").status == 200


def test_a_token_is_asked_for_at_once_and_the_window_needs_none(app: App, page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    shown = page.change(token_required=True)
    assert app.ask("GET", "/api/streams").status == 401
    file = Path(shown["token_file"])
    assert file.parent == app.runtime / "fanlight"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = {"Authorization": f"Bearer {file.read_text().strip()}"}
    assert send(app.port, "GET", "/api/streams", None, token).status == 200
    page.wait_live("demo")
    page.change(token_required=False)
    assert app.ask("GET", "/api/streams").status == 200


def test_the_token_is_asked_for_after_a_restart(app: App) -> None:
    app.write_settings(token_required=True)
    app.start_plainly()
    assert app.ask("GET", "/api/streams").status == 401


def test_an_origin_is_let_in_at_once(app: App, page: Page) -> None:
    origin = {"Origin": "https://app.example"}
    assert send(app.port, "GET", "/api/streams", None, origin).status == 403
    page.change(allowed_origins=["https://app.example"])
    assert send(app.port, "GET", "/api/streams", None, origin).status == 200
    page.change(allowed_origins=[])
    assert send(app.port, "GET", "/api/streams", None, origin).status == 403


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"port": 70000}, "invalid_setting"),
        ({"ffmpeg_path": "/nowhere/ffmpeg"}, "ffmpeg_not_found"),
        ({"ffmpeg_path": "/etc/passwd"}, "ffmpeg_not_found"),
        ({"colour": "red"}, "unknown_setting"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(page: Page, patch: dict[str, object], code: str) -> None:
    before = page.invoke("desktop_settings")
    with pytest.raises(Refused) as refused:
        page.change(**patch)
    assert (refused.value.why["code"], refused.value.why["field"]) == (code, next(iter(patch)))
    assert page.invoke("desktop_settings") == before


def test_another_ffmpeg_is_used_after_a_restart_and_that_is_said(app: App) -> None:
    app.variables["FANLIGHT_FFMPEG"] = None
    page = Page(app.start().driver)
    assert page.invoke("desktop_settings")["restart_needed"] == []
    assert page.change(ffmpeg_path=app.ffmpeg)["restart_needed"] == ["ffmpeg_path"]
    app.stop()
    page = Page(app.start().driver)
    assert page.invoke("desktop_settings")["restart_needed"] == []
    assert page.invoke("app_info")["ffmpeg"]["path"] == app.ffmpeg


def test_the_log_is_in_the_data_folder(app: App, page: Page) -> None:
    folder = Path(page.invoke("desktop_settings")["log_folder"])
    assert folder == app.data / "logs"
    assert f"the API is on {app.url}" in (folder / "fanlight.log").read_text()


def test_a_damaged_file_is_kept_aside_and_said(app: App) -> None:
    app.data.mkdir()
    (app.data / "settings.json").write_text('{"start_hidden": "perhaps", "close_to_tray": false}')
    page = Page(app.start().driver)
    shown = page.invoke("desktop_settings")
    assert (shown["start_hidden"], shown["close_to_tray"]) == (False, False)
    assert "settings.json.bak" in shown["notice"]
    assert "perhaps" in (app.data / "settings.json.bak").read_text()


def test_starting_at_login_is_the_desktops_file(app: App, page: Page) -> None:
    file = app.config / "autostart" / "io.fanlight.desktop.desktop"
    assert page.change(start_at_login=True)["start_at_login"]
    entry = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    assert entry["Exec"] == f'"{os.path.realpath(f"/proc/{app.pid}/exe")}" --hidden'
    assert not page.change(start_at_login=False)["start_at_login"]
    assert not file.exists()


def test_a_hidden_start_shows_no_window_until_it_is_asked_for(tray: Tray, app: App) -> None:
    app.start_plainly("--hidden")
    tray.wait_icon()
    app.ask("POST", "/api/streams", {"stream_id": "demo", "rtsp_url": "demo:"})
    eventually(lambda: app.stream("demo")["status"]["state"] == "online", within=10)
    assert not screen.windows()
    assert app.stream("demo")["client_count"] == 0, "a hidden window reads nothing"
    assert app.launch().wait(10) == 0
    screen.wait_window()
    eventually(lambda: app.stream("demo")["client_count"] == 1, within=10)


def test_a_hidden_start_without_a_tray_shows_the_window(app: App) -> None:
    app.write_settings(start_hidden=True)
    app.start_plainly()
    assert not screen.windows()
    screen.wait_window(within=20)


def test_closing_quits_where_the_person_chose_so(tray: Tray, app: App) -> None:
    app.write_settings(close_to_tray=False)
    app.start_plainly()
    tray.wait_icon()
    screen.close(screen.wait_window())
    app.wait()
    assert app.exit_code() == 0
