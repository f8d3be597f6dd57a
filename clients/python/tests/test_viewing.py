"""The window of `fanlight view`, with a stand-in for OpenCV's windows."""

from __future__ import annotations

from typing import Any

import pytest

from fanlight import CameraUnreachable, FanlightError, Frame, RTSPStreamClient
from fanlight._protocol import FrameHeader
from fanlight.cli import viewing

BRIGHT = 240


class Windows:
    """What `view` uses of OpenCV; q is pressed after some pictures."""

    WINDOW_NORMAL = WINDOW_KEEPRATIO = WND_PROP_VISIBLE = FONT_HERSHEY_SIMPLEX = 0
    error = RuntimeError

    def __init__(self, pictures: int) -> None:
        self.left, self.shown, self.written = pictures, [], []
        self.open: set[str] = set()

    def namedWindow(self, title: str, flags: int) -> None:
        self.open.add(title)

    def destroyWindow(self, title: str) -> None:
        self.open.remove(title)

    def imshow(self, title: str, picture: Any) -> None:
        self.shown.append(int(picture.max()))

    def putText(self, picture: Any, words: str, *_: object) -> None:
        self.written.append(words)

    def waitKey(self, _: int) -> int:
        self.left -= 1
        return ord("q") if self.left == 0 else -1

    def getWindowProperty(self, title: str, _: int) -> float:
        return 1.0


class Camera(RTSPStreamClient):
    """Gives two frames, then is gone."""

    given = 0

    def get_frame(self, timeout: float = 1.0, into: Any = None) -> Frame | None:
        self.given += 1
        if self.given > 2:
            self._reading.last_error = CameraUnreachable("nobody answers")
            return None
        frame = Frame.empty((9, 16, 3), FrameHeader(self.given, 0, 16, 9, 0), "cam")
        frame[:] = BRIGHT
        return frame


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    made = Windows(pictures=4)
    monkeypatch.setattr(viewing, "opencv", lambda _: made)
    monkeypatch.setenv("DISPLAY", ":99")
    return made


def test_a_camera_that_is_gone_is_not_shown_as_live(windows: Windows) -> None:
    viewing.view(lambda: Camera("http://127.0.0.1:1", "cam"), "cam")
    assert windows.shown == [BRIGHT, BRIGHT, BRIGHT // 3, BRIGHT // 3]
    assert windows.written == ["no picture: nobody answers"] * 2
    assert not windows.open


def test_a_window_that_cannot_be_opened(windows: Windows) -> None:
    def refuse(title: str, flags: int) -> None:
        raise windows.error("not implemented")

    windows.namedWindow = refuse  # type: ignore[method-assign]
    with pytest.raises(FanlightError, match="built without windows"):
        viewing.view(lambda: Camera("http://127.0.0.1:1", "cam"), "cam")


def test_no_display(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(FanlightError, match="There is no display here"):
        viewing.view(lambda: Camera("http://127.0.0.1:1", "cam"), "cam")
