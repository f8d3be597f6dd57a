"""The UI in a browser tab: what a person sees of it and does to it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from rig.server import Server

#: From adding a camera to its first picture, in seconds, on a busy machine.
LIVE = 40.0

#: A number that changes with what a tile shows, whichever way it is painted; null before the first picture.
LOOK = """(id) => {
  const shown = document.querySelector(`[data-testid="tile-img-${id}"]`);
  if (!shown) return null;
  const width = shown.videoWidth ?? shown.width;
  const height = shown.videoHeight ?? shown.height;
  if (!width) return null;
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [width, height];
  const context = copy.getContext('2d');
  context.drawImage(shown, 0, 0);
  let sum = 0;
  for (const value of context.getImageData(0, 0, width, height).data) sum = (sum * 31 + value) % 4294967291;
  return sum;
}"""


class Screen:
    """Finds things by the test ids that the UI promises, or by the names a screen reader says."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        page.set_default_timeout(LIVE * 1000)

    def choose_theme(self, theme: str) -> None:
        """What a person chose on an earlier visit."""
        self.page.add_init_script(f"localStorage.setItem('fanlight.theme', {theme!r})")

    def open(self, route: str = "/") -> Screen:
        self.page.goto(f"{self.server.url}/#{route}")
        return self

    def by_id(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    # Cameras

    def begin_adding(self, url: str, name: str) -> None:
        """Fill in the dialog, up to its buttons."""
        self.by_id("add-open").or_(self.by_id("empty-add")).first.click()
        self.by_id("add-url").fill(url)
        self.by_id("add-name").fill(name)

    def add(self, url: str, name: str) -> None:
        self.begin_adding(url, name)
        self.by_id("add-submit").click()

    def tile(self, stream_id: str) -> Locator:
        return self.page.locator(f'[role="group"][data-testid="tile-{stream_id}"]')

    def tiles_shown(self) -> list[str]:
        """The cameras whose tiles have a place on the screen now."""
        groups = self.page.locator('[role="group"][data-testid^="tile-"]')
        return [
            (group.get_attribute("data-testid") or "").removeprefix("tile-")
            for group in groups.all()
            if group.is_visible()
        ]

    def drag(self, stream_id: str, onto: str) -> None:
        """Take a tile with the mouse and let it go over another one."""
        boxes = [self.tile(each).bounding_box() for each in (stream_id, onto)]
        source, target = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
        mouse = self.page.mouse
        mouse.move(*source)
        mouse.down()
        mouse.move(*target, steps=8)
        mouse.up()

    # Pictures

    def look(self, stream_id: str) -> int | None:
        return self.page.evaluate(LOOK, stream_id)

    def place_of_picture(self, stream_id: str) -> dict[str, float]:
        """Where a tile's picture is, also what the tile cuts off: x, y, width, height."""
        box = self.page.locator(f'[data-testid="tile-img-{stream_id}"]').first.bounding_box()
        assert box is not None, f"{stream_id} has no picture"
        return dict(box)

    def wait_live(self, stream_id: str, within: float = LIVE) -> None:
        """Until its picture is there, has changed, and changed again."""
        seen: set[int] = set()
        for _ in range(int(within / 0.1)):
            now = self.look(stream_id)
            if now is not None:
                seen.add(now)
            if len(seen) >= 3:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{stream_id} is not live within {within} s; pictures seen: {len(seen)}")

    def wait_status(self, stream_id: str, words: str, within: float = LIVE) -> None:
        """Until the tile says so."""
        expect(self.tile(stream_id)).to_contain_text(words, timeout=within * 1000)
