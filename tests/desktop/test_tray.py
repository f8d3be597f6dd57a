"""What the tray shows of the cameras, and where its entries lead."""

import time

from desktop import screen
from desktop.app import App
from desktop.page import Page
from desktop.tray import Tray
from rig.camera import Cameras, free_port
from rig.clip import Clip
from rig.waiting import eventually

CLIP = Clip(320, 180, 200)


def add(app: App, stream_id: str, url: str) -> None:
    answer = app.ask("POST", "/api/streams", {"stream_id": stream_id, "rtsp_url": url})
    assert answer.status == 200, answer.text


def test_every_camera_has_a_line_with_its_state(tray: Tray, app: App) -> None:
    app.start_plainly()
    tray.wait_icon()
    rest = ["Pause all cameras", "Start at login", "Settings…", "Quit"]
    assert tray.labels() == ["Open Fanlight", "No cameras yet", *rest]
    plain = tray.icon()
    add(app, "demo", "demo:")
    eventually(lambda: "demo: online" in tray.labels(), within=10)
    assert "1 of 1 cameras online" in tray.labels()
    well = eventually(lambda: tray.icon() != plain and tray.icon())
    add(app, "gone", f"rtsp://127.0.0.1:{free_port()}/x")
    eventually(lambda: "gone: down" in tray.labels(), within=10)
    assert "1 of 2 cameras online" in tray.labels()
    eventually(lambda: tray.icon() not in (plain, well))
    app.ask("DELETE", "/api/streams/gone/force")
    eventually(lambda: not [label for label in tray.labels() if label.startswith("gone")])
    eventually(lambda: tray.icon() == well)


def test_a_state_that_changes_leaves_the_menu_in_place(tray: Tray, app: App) -> None:
    app.start_plainly()
    tray.wait_icon()
    add(app, "demo", "demo:")
    eventually(lambda: "demo: online" in tray.labels(), within=10)
    time.sleep(1)
    before = tray.entry_numbers()
    assert app.ask("POST", "/api/streams/demo/restart", {}).status == 200
    eventually(lambda: "demo: online" in tray.labels(), within=10)
    assert tray.entry_numbers() == before


def test_a_cameras_line_opens_the_window_at_it(tray: Tray, app: App) -> None:
    page = Page(app.start().driver)
    page.click("empty-try-demo")
    page.wait_live("demo")
    screen.close(screen.wait_window())
    screen.wait_no_window()
    name = app.stream("demo")["name"]
    eventually(lambda: f"{name}: online" in tray.labels(), within=10)
    tray.choose(f"{name}: online")
    screen.wait_window()
    eventually(lambda: page.driver.execute_script("return location.hash") == "#/camera/demo")
    tray.choose("Settings…")
    eventually(lambda: page.driver.execute_script("return location.hash") == "#/settings")


def test_all_cameras_are_paused_and_go_on(tray: Tray, app: App) -> None:
    page = Page(app.start().driver)
    page.click("empty-try-demo")
    page.wait_live("demo")
    name = app.stream("demo")["name"]
    with Cameras(CLIP) as cameras:
        add(app, "door", cameras.url())
        eventually(lambda: "2 of 2 cameras online" in tray.labels(), within=15)
        well = tray.icon()
        tray.choose("Pause all cameras")
        eventually(lambda: "All cameras are paused" in tray.labels())
        assert app.ask("GET", "/api/pause").json["paused"]
        eventually(lambda: cameras.connections().open == 0)
        assert f"{name}: stopped" in tray.labels()
        assert tray.icon() != well
        tray.choose("Resume all cameras")
        eventually(lambda: "2 of 2 cameras online" in tray.labels(), within=15)
        assert "Pause all cameras" in tray.labels()
        assert not app.ask("GET", "/api/pause").json["paused"]
        eventually(lambda: cameras.connections().open == 1)
        eventually(lambda: tray.icon() == well)
        page.wait_live("demo")


def test_starting_at_login_is_ticked_in_the_tray(tray: Tray, app: App) -> None:
    file = app.config / "autostart" / "io.fanlight.desktop.desktop"
    page = Page(app.start().driver)
    tray.wait_icon()
    assert not tray.ticked("Start at login")
    tray.choose("Start at login")
    eventually(file.exists)
    assert page.invoke("desktop_settings")["start_at_login"]
    eventually(lambda: tray.ticked("Start at login"))
    page.change(start_at_login=False)
    eventually(lambda: not tray.ticked("Start at login"))
    assert not file.exists()


def test_the_tray_speaks_the_language_of_the_settings(tray: Tray, app: App) -> None:
    app.variables |= {"LC_ALL": None, "LC_MESSAGES": None, "LANG": "de_DE.UTF-8"}
    page = Page(app.start().driver)
    tray.wait_icon()
    eventually(lambda: tray.labels()[-1] == "Beenden")
    page.change(language="en")
    eventually(lambda: tray.labels()[-1] == "Quit")
    page.change(language=None)
    eventually(lambda: tray.labels()[-1] == "Beenden")


def test_the_window_comes_back_where_it_was(app: App) -> None:
    app.start_plainly()
    window = screen.wait_window()
    screen.place(window, x=120, y=90, width=900, height=600)
    eventually(lambda: screen.size(window) == (900, 600))
    app.stop()
    app.start_plainly()
    window = screen.wait_window()
    eventually(lambda: screen.size(window) == (900, 600))
