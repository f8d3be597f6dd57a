"""The screen as the window manager knows it: windows by title, keys, and pictures of it all."""

import os
import subprocess
from pathlib import Path

from rig.waiting import eventually

TITLE = "^Fanlight$"


def windows(title: str = TITLE) -> list[str]:
    """The visible windows with this title (a regular expression)."""
    command = ["xdotool", "search", "--onlyvisible", "--name", title]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def wait_window(title: str = TITLE, within: float = 15.0) -> str:
    return eventually(lambda: windows(title), within)[0]


def wait_no_window(title: str = TITLE, within: float = 5.0) -> None:
    eventually(lambda: not windows(title), within)


def active_window() -> str:
    command = ["xdotool", "getactivewindow"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def press(window: str, *keys: str) -> None:
    """Keys to a window, as from the keyboard."""
    subprocess.run(["xdotool", "windowactivate", "--sync", window, "key", "--clearmodifiers", *keys], check=True)


def save_as(path: Path) -> None:
    """Choose `path` in the system's dialog that asks where to save."""
    dialog = wait_window("^Save")
    press(dialog, "ctrl+a")
    subprocess.run(["xdotool", "type", "--delay", "20", str(path)], check=True)
    press(dialog, "Return")


def close(window: str) -> None:
    """As a person does: by the window manager's key for it."""
    press(window, "alt+F4")


def click_button(window: str, place: int, places: int) -> None:
    """A click on one of the equally wide buttons along the bottom of a message, counted from 0."""
    told = subprocess.run(
        ["xdotool", "getwindowgeometry", "--shell", window], capture_output=True, text=True, check=True
    )
    geometry = dict(line.split("=") for line in told.stdout.split())
    x = int(geometry["WIDTH"]) * (2 * place + 1) // (2 * places)
    y = int(geometry["HEIGHT"]) - 15
    move = ["mousemove", "--window", window, str(x), str(y)]
    subprocess.run(["xdotool", "windowactivate", "--sync", window, *move, "click", "1"], check=True)


def place(window: str, *, x: int, y: int, width: int, height: int) -> None:
    move = ["windowmove", window, str(x), str(y)]
    subprocess.run(["xdotool", "windowsize", window, str(width), str(height), *move], check=True)


def size(window: str) -> tuple[int, int]:
    told = subprocess.run(
        ["xdotool", "getwindowgeometry", "--shell", window], capture_output=True, text=True, check=True
    )
    geometry = dict(line.split("=") for line in told.stdout.split())
    return int(geometry["WIDTH"]), int(geometry["HEIGHT"])


def picture(path: str) -> None:
    """Saves a picture of the whole screen."""
    subprocess.run(["import", "-window", "root", path], check=True, env=os.environ)
