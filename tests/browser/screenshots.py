"""Pictures of every page in both themes, for docs/ui and for whoever changes how something looks.

npm run screenshots                      # docs/ui, 1280x800
npm run screenshots -- --out /tmp/look --size 1920x1080
npm run screenshots -- --out /tmp/look --text 200
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser.screen import Screen
from rig.browser import FLAGS
from rig.camera import free_port
from rig.server import ROOT, Server, sidecar
from rig.waiting import eventually

#: Scenes that look like nothing in particular, but each unlike the others: name, FFmpeg source, size.
SCENES = [
    ("Front door", "gradients=size=1280x720:rate=25:c0=0x14324a:c1=0x2d7d7a:c2=0xe0a458:nb_colors=3:speed=0.01:seed=7"),
    ("Garden", "gradients=size=1280x720:rate=25:c0=0x10311f:c1=0x4f8f4a:c2=0xcfe3a0:nb_colors=3:speed=0.01:seed=3"),
    ("Hall", "gradients=size=720x1280:rate=25:c0=0x2b1a2f:c1=0x8a4b66:c2=0xf0c9a0:nb_colors=3:speed=0.01:seed=5"),
    ("Workshop", "mandelbrot=size=1280x720:rate=25:start_scale=0.6:end_scale=0.4"),
]
OFFLINE = ("Garage", "garage")

Place = tuple[str, str, Callable[[Screen], None] | None]


def ids() -> list[str]:
    return [name.lower().replace(" ", "-") for name, _ in SCENES]


def lively(screen: Screen) -> None:
    for stream_id in ids():
        screen.wait_live(stream_id)
    # The names of new cameras fade after a moment.
    screen.page.wait_for_timeout(5000)


def settled(screen: Screen) -> None:
    screen.page.get_by_role("heading", level=1).first.wait_for()
    screen.page.wait_for_timeout(1500)


def alone(screen: Screen) -> None:
    screen.wait_live("front-door")
    screen.page.keyboard.press("1")
    screen.page.wait_for_timeout(2000)


def adding(screen: Screen) -> None:
    screen.wait_live("front-door")
    screen.begin_adding("rtsp://admin:secret@192.168.1.64/", "Back yard")
    screen.page.wait_for_timeout(500)


def coding(screen: Screen) -> None:
    screen.wait_live("front-door")
    screen.tile("front-door").hover()
    screen.by_id("tile-menu-front-door").click()
    screen.by_id("tile-code").click()
    screen.page.wait_for_timeout(500)


def playing(screen: Screen) -> None:
    screen.page.get_by_role("heading", level=1).first.wait_for()
    recordings = screen.server.ask("GET", "/api/recordings").json["recordings"]
    whole = next(recording for recording in recordings if not recording["in_progress"])
    screen.open(f"/recordings?play={whole['id']}")
    screen.by_id("player-video").wait_for()
    screen.page.wait_for_timeout(2000)


def signing_in(screen: Screen) -> None:
    screen.by_id("sign-in-token").wait_for()


PLACES: list[Place] = [
    ("cameras", "/", lively),
    ("solo", "/", alone),
    ("add", "/", adding),
    ("code", "/", coding),
    ("scan", "/scan", None),
    ("recordings", "/recordings", None),
    ("player", "/recordings", playing),
    ("scripts", "/scripts", None),
    ("camera", "/camera/front-door", None),
    ("camera-offline", "/camera/garage", None),
    ("health", "/health", None),
    ("events", "/events", None),
    ("settings", "/settings", None),
]


def scene(folder: Path, stream_id: str, source: str) -> None:
    command = [sidecar(), "-v", "error", "-y", "-f", "lavfi", "-i", source, "-t", "20", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, "-g", "25", "-bf", "0", str(folder / f"{stream_id}.mp4")], check=True)


def furnish(server: Server) -> None:
    for (name, _), stream_id in zip(SCENES, ids()):
        server.add(stream_id, f"replay:{stream_id}.mp4", name=name)
    server.add(OFFLINE[1], f"rtsp://127.0.0.1:{free_port()}/", name=OFFLINE[0])
    for stream_id in ids():
        eventually(lambda stream_id=stream_id: server.stream(stream_id)["video"], within=20)
    for stream_id in ids():
        assert server.ask("POST", f"/api/streams/{stream_id}/recording", {}).status == 200
    time.sleep(8)
    for stream_id in ids()[:2]:
        assert server.ask("DELETE", f"/api/streams/{stream_id}/recording").status == 200


def take(chromium: Browser, server: Server, place: Place, theme: str, args: argparse.Namespace) -> None:
    name, route, prepare = place
    width, height = map(int, args.size.split("x"))
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB", timezone_id="UTC")
    screen = Screen(context.new_page(), server)
    screen.choose_theme(theme)
    if args.text != 100:
        style = f"html {{ font-size: {args.text}% !important }}"
        screen.page.add_init_script(
            f"addEventListener('DOMContentLoaded', () => document.head.append(Object.assign("
            f"document.createElement('style'), {{ textContent: {style!r} }})))"
        )
    screen.open(route)
    (prepare or settled)(screen)
    file = args.out / f"{name}-{theme}.png"
    screen.page.screenshot(path=file)
    context.close()
    print(file, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "ui")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--text", type=int, default=100, help="size of the text in percent")
    parser.add_argument("--only", help="names of the pages, with commas between")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    wanted = [place for place in PLACES if not args.only or place[0] in args.only.split(",")]
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for (_, source), stream_id in zip(SCENES, ids()):
            scene(Path(folder), stream_id, source)
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        with Server() as empty, Server(env={"FANLIGHT_TOKEN": "open-sesame-open-sesame"}) as guarded:
            apart: list[tuple[Server, Place]] = [
                (empty, ("empty", "/", None)),
                (guarded, ("sign-in", "/", signing_in)),
            ]
            for server, place in apart:
                for theme in ("dark", "light"):
                    if not args.only or place[0] in args.only.split(","):
                        take(chromium, server, place, theme, args)
        recordings = Path(folder) / "recordings"
        recordings.mkdir()
        with Server(options=["--replay-dir", folder, "--recordings", str(recordings)]) as server:
            furnish(server)
            for place in wanted:
                for theme in ("dark", "light"):
                    take(chromium, server, place, theme, args)
        chromium.close()


if __name__ == "__main__":
    main()
