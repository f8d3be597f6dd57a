"""The page in the window: what a person sees of it and does to it."""

import base64
from collections.abc import Callable
from typing import Any, TypeVar

import cv2
import numpy as np
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from rig import code_blocks
from rig.waiting import eventually

#: From adding a camera to its first picture, in seconds, on a busy machine.
LIVE = 20.0

GRAB = """
const canvas = document.querySelector(`[data-testid="${arguments[0]}"]`);
return canvas && canvas.toDataURL('image/png').split(',')[1];
"""


INVOKE = """
const done = arguments[2];
const asked = window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]);
asked.then((answer) => done(['answer', answer]), (why) => done(['refused', why]));
"""

T = TypeVar("T")


class Refused(Exception):
    """A command failed; `why` is what it told."""

    def __init__(self, why: Any) -> None:
        super().__init__(str(why))
        self.why = why


def steady(look: Callable[[], T], tries: int = 5) -> T:
    """What `look` finds, once nothing it looked at was replaced meanwhile."""
    for _ in range(tries - 1):
        try:
            return look()
        except StaleElementReferenceException:
            continue
    return look()


class Page:
    """Finds things by their test ids, as the UI promises them."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def elements(self, selector: str) -> list[Any]:
        """Every element there is now; asked again when the page changed under the question."""
        return steady(lambda: self.driver.find_elements(By.CSS_SELECTOR, selector))

    def find(self, test_id: str) -> Any | None:
        found = self.elements(f'[data-testid="{test_id}"]')
        return found[0] if found else None

    def wait_for(self, test_id: str, within: float = 10.0) -> Any:
        return eventually(lambda: self.find(test_id), within)

    def wait_gone(self, test_id: str, within: float = 10.0) -> None:
        eventually(lambda: self.find(test_id) is None, within)

    def click(self, test_id: str) -> None:
        self.click_on(f'[data-testid="{test_id}"]')

    def click_on(self, selector: str) -> None:
        steady(lambda: eventually(lambda: self.elements(selector), 10)[0].click())

    def wait_still(self, test_id: str) -> None:
        """Until it is where it stays: a click goes to where it was when WebDriver looked."""
        last: list[dict[str, Any]] = []

        def still() -> bool:
            last.append(steady(lambda: self.wait_for(test_id).rect))
            return len(last) > 1 and last[-1] == last[-2]

        eventually(still)

    def fill(self, test_id: str, text: str) -> None:
        field = self.wait_for(test_id)
        field.clear()
        field.send_keys(text)

    def text(self, test_id: str) -> str:
        """The text of an element, empty while there is none."""

        def look() -> str:
            element = self.find(test_id)
            return element.get_attribute("textContent") if element else ""

        return steady(look)

    # Commands of the shell

    def invoke(self, command: str, **arguments: Any) -> Any:
        """What a command answers, as it does to the page; `Refused` when it fails."""
        kind, answer = self.driver.execute_async_script(INVOKE, command, arguments)
        if kind == "refused":
            raise Refused(answer)
        return answer

    def change(self, **settings: Any) -> dict[str, Any]:
        return self.invoke("change_settings", patch=settings)

    # Cameras

    def add_camera(self, url: str, name: str) -> None:
        """Fill in the dialog and send it."""
        self.click("add-open" if self.find("add-open") else "empty-add")
        self.fill("add-url", url)
        self.fill("add-name", name)
        self.click("add-submit")

    def wait_dialog_closed(self, within: float = LIVE) -> None:
        """The dialog shows a new camera's picture for a moment, then leaves by itself."""
        eventually(lambda: not self.elements('[role="dialog"]'), within)

    def choose(self, stream_id: str, entry: str) -> None:
        """An entry of the menu of a camera's tile."""
        steady(lambda: ActionChains(self.driver).move_to_element(self.wait_for(f"tile-{stream_id}")).perform())
        self.click(f"tile-menu-{stream_id}")
        self.wait_still(entry)
        self.click(entry)

    def remove_camera(self, stream_id: str) -> None:
        """Up to the question whether to."""
        self.choose(stream_id, "tile-remove")

    def tiles(self) -> list[str]:
        """The ids of the cameras that have a tile."""
        found = self.elements('[role="group"][data-testid^="tile-"]')
        return [tile.get_attribute("data-testid").removeprefix("tile-") for tile in found]

    # Pictures

    def picture(self, stream_id: str) -> np.ndarray | None:
        """What a tile shows now, BGR."""
        encoded = self.driver.execute_script(GRAB, f"tile-img-{stream_id}")
        if encoded is None:
            return None
        return cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)

    def wait_picture(self, stream_id: str, within: float = LIVE) -> np.ndarray:
        def look() -> tuple[np.ndarray] | None:
            picture = self.picture(stream_id)
            return None if picture is None else (picture,)

        return eventually(look, within)[0]

    def wait_live(self, stream_id: str, within: float = LIVE) -> None:
        """Until its picture has changed, and changed again."""
        last = self.wait_picture(stream_id, within)
        for _ in range(2):

            def changed(before: np.ndarray = last) -> tuple[np.ndarray] | None:
                now = self.wait_picture(stream_id)
                return (now,) if now.shape != before.shape or not np.array_equal(now, before) else None

            last = eventually(changed, within)[0]

    def frame_number(self, stream_id: str) -> int | None:
        """The number that a simulated camera painted into the picture a tile shows."""
        return code_blocks.decode(self.wait_picture(stream_id))
