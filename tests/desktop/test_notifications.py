"""What is told of cameras that are down, over the desktop's own notifications."""

from collections.abc import Callable

from desktop.app import App
from desktop.notifications import Notifications
from rig.camera import Cameras
from rig.waiting import eventually


def test_cameras_that_stay_down_are_told_once_and_again_when_they_are_back(
    camera: Callable[..., Cameras], app: App
) -> None:
    cameras = camera(cameras=2)
    app.write_settings(language="en", notifications={"down_longer_than_seconds": 5, "cooldown_seconds": 0})
    with Notifications() as notifications:
        app.start_plainly()
        for number, name in enumerate(["Front <door>", "Garden"]):
            body = {"stream_id": f"cam{number}", "name": name, "rtsp_url": cameras.url(number)}
            assert app.ask("POST", "/api/streams", body).status == 200
        eventually(lambda: all(s["status"]["state"] == "online" for s in app.streams().values()), within=15)
        assert notifications.told == []
        cameras.kill()
        eventually(lambda: notifications.told, within=40)
        assert notifications.told == [("2 cameras are down", "Front &lt;door&gt;, Garden")]
        cameras.start()
        eventually(lambda: len(notifications.told) > 1, within=40)
        back = [title for title, _ in notifications.told[1:]]
        assert set(back) <= {"2 cameras are back", "Front <door> is back", "Garden is back"}
