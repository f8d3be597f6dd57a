"""Closing the window, the tray, a second launch, and the ways to end."""

import json
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from desktop import screen
from desktop.app import BINARY, END, App
from desktop.page import Page
from desktop.tray import Tray
from rig import readers
from rig.camera import Cameras
from rig.readers import Reader, reading
from rig.waiting import eventually

TOLD = "^Fanlight is still here$"
QUESTION = "^Quit Fanlight"
#: The buttons of the question, from the left; the third cancels.
QUIT, KEEP_RUNNING = 0, 1


def add_demo(app: App) -> None:
    app.ask("POST", "/api/streams", {"stream_id": "demo", "rtsp_url": "demo:"})
    eventually(lambda: app.stream("demo")["status"]["state"] == "online", within=10)


def test_closing_hides_the_window_and_keeps_serving(tray: Tray, app: App) -> None:
    app.start_plainly()
    add_demo(app)
    tray.wait_icon()
    window = screen.wait_window()
    eventually(lambda: app.stream("demo")["client_count"] == 1, within=10)

    screen.close(window)
    screen.wait_no_window()
    told = screen.wait_window(TOLD)
    screen.press(told, "Return")
    screen.wait_no_window(TOLD)
    assert app.is_running()
    assert app.ask("GET", "/api/streams/demo/frame").status == 200
    eventually(lambda: app.stream("demo")["client_count"] == 0, within=15)

    tray.choose("Open Fanlight")
    screen.wait_window()
    eventually(lambda: app.stream("demo")["client_count"] == 1, within=10)

    screen.close(screen.wait_window())
    screen.wait_no_window()
    assert not screen.windows(TOLD), "told once"
    assert json.loads((app.data / "settings.json").read_text())["told_about_tray"]


def test_the_tray_quits(tray: Tray, app: App) -> None:
    app.start_plainly()
    add_demo(app)
    tray.wait_icon()
    assert tray.labels()[0] == "Open Fanlight"
    assert tray.labels()[-1] == "Quit"
    tray.choose("Quit")
    app.wait()
    assert app.exit_code() == 0
    assert not app.ffmpegs()


def test_without_a_tray_closing_asks(app: App) -> None:
    app.start_plainly()
    window = screen.wait_window()

    screen.close(window)
    screen.press(screen.wait_window(QUESTION), "Escape")
    screen.wait_no_window(QUESTION)
    assert screen.windows(), "nothing was decided"
    assert app.is_running()


def test_without_a_tray_it_can_be_quit(app: App) -> None:
    app.start_plainly()
    screen.close(screen.wait_window())
    screen.click_button(screen.wait_window(QUESTION), QUIT, 3)
    app.wait()
    assert app.exit_code() == 0


def test_without_a_tray_it_can_keep_running(app: App) -> None:
    app.start_plainly()
    screen.close(screen.wait_window())
    screen.click_button(screen.wait_window(QUESTION), KEEP_RUNNING, 3)
    screen.wait_no_window()
    assert app.ask("GET", "/health").status == 200
    assert app.launch().wait(10) == 0
    screen.wait_window()


def test_a_second_launch_shows_the_first_and_ends(tray: Tray, app: App) -> None:
    app.data.mkdir()
    (app.data / "settings.json").write_text('{"told_about_tray": true}')
    app.start_plainly()
    tray.wait_icon()
    screen.close(screen.wait_window())
    screen.wait_no_window()

    assert app.launch().wait(10) == 0
    window = screen.wait_window()
    eventually(lambda: screen.active_window() == window)
    assert app.is_running()
    assert len(screen.windows()) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_cleanly(camera: Callable[..., Cameras], app: App, how: signal.Signals) -> None:
    cameras = camera()
    app.start_plainly()
    add_demo(app)
    app.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": cameras.url()})
    eventually(lambda: len(app.ffmpegs()) >= 3, within=15)
    os.kill(app.pid, how)
    assert app.wait() < END
    assert app.exit_code() == 0
    assert not app.ffmpegs()
    assert cameras.connections().open == 0


def test_quitting_does_not_wait_for_scripts(camera: Callable[..., Cameras], app: App) -> None:
    app.start_plainly()
    app.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": camera().url()})
    eventually(lambda: app.stream("cam")["status"]["state"] == "online", within=10)
    python = Reader(readers.python_client, app.url, "cam", (320, 180), seconds=60)
    socket = Reader(readers.websocket, app.url, "cam", (640, 480), seconds=60)
    with reading(python, socket):
        python.first_frame()
        socket.first_frame()
        os.kill(app.pid, signal.SIGTERM)
        assert app.wait() < END
        assert app.exit_code() == 0


def test_no_ffmpeg_outlives_a_crash(app: App) -> None:
    app.start_plainly()
    add_demo(app)
    eventually(app.ffmpegs)
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    eventually(lambda: not app.ffmpegs())


def test_a_start_that_fails_is_told_on_the_screen(app: App) -> None:
    app.data.write_text("a file where the data folder should be")
    launched = app.launch()
    message = screen.wait_window("^Fanlight could not start$")
    assert not screen.windows()
    screen.press(message, "Return")
    assert launched.wait(END) == 1


def test_without_a_display_it_says_what_to_run() -> None:
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ended = subprocess.run([BINARY], env=bare, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 1
    assert "fanlight-server" in ended.stderr
    assert "panicked" not in ended.stderr


def test_a_hidden_window_costs_no_decoder(tray: Tray, app: App) -> None:
    page = Page(app.start().driver)
    page.click("empty-try-demo")
    page.wait_live("demo")
    tray.wait_icon()
    screen.close(screen.wait_window())
    screen.wait_no_window()
    eventually(lambda: app.stream("demo")["renditions"] == [], within=15)


def test_quitting_asks_while_a_script_reads(tray: Tray, app: App) -> None:
    app.write_settings(language="en", told_about_tray=True)
    app.start_plainly()
    add_demo(app)
    tray.wait_icon()
    python = Reader(readers.python_client, app.url, "demo", (320, 180), seconds=60)
    with reading(python):
        python.first_frame()
        tray.choose("Quit")
        screen.press(screen.wait_window(QUESTION), "Escape")
        screen.wait_no_window(QUESTION)
        assert app.is_running()
        assert app.ask("GET", "/api/streams/demo/frame").status == 200
        tray.choose("Quit")
        screen.press(screen.wait_window(QUESTION), "alt+q")
        screen.press(screen.wait_window(QUESTION), "Return")
        app.wait()
        assert app.exit_code() == 0


def test_a_signal_never_asks(tray: Tray, app: App) -> None:
    app.start_plainly()
    add_demo(app)
    python = Reader(readers.python_client, app.url, "demo", (320, 180), seconds=60)
    with reading(python):
        python.first_frame()
        os.kill(app.pid, signal.SIGTERM)
        assert app.wait() < END
        assert not screen.windows(QUESTION)
