"""Read several cameras in one asyncio loop, and tell each second how they are.

    python asyncio_cameras.py rtsp://a/stream rtsp://b/stream
    python asyncio_cameras.py demo: --seconds 5

No threads: the loop stays free for a web server, a robot's control, or whatever else is yours.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass

from fanlight import AsyncClient, FanlightError


@dataclass
class Watched:
    """One camera, and what was seen of it in this second."""

    source: str
    frames: int = 0
    missed: int = 0
    brightness: float = 0.0
    error: str = ""


async def watch(camera: Watched) -> None:
    """Read frames in grey for as long as this task lives, through outages too."""
    while True:
        try:
            async with await AsyncClient.for_url(None, camera.source, 320, 180, pixels="gray") as client:
                async for frame in client.frames(timeout=5):
                    camera.frames += 1
                    camera.missed += frame.gap
                    camera.brightness = float(frame.mean())
                    camera.error = ""
        except FanlightError as error:
            camera.error = str(error)
            await asyncio.sleep(1)


async def tell(cameras: list[Watched], seconds: int | None) -> None:
    """Print a line for each camera every second."""
    passed = 0
    while passed != seconds:
        await asyncio.sleep(1)
        passed += 1
        for camera in cameras:
            seen = f"{camera.frames} frames, {camera.missed} passed over, brightness {camera.brightness:.0f}"
            print(f"{camera.source}: {camera.error or seen}")
            camera.frames = camera.missed = 0


async def main(sources: list[str], seconds: int | None) -> None:
    """Watch all, tell of all, and end together."""
    cameras = [Watched(source) for source in sources]
    watching = [asyncio.ensure_future(watch(camera)) for camera in cameras]
    try:
        await tell(cameras, seconds)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Read several cameras in one asyncio loop.")
    parser.add_argument("sources", nargs="+", help="camera URLs")
    parser.add_argument("--seconds", type=int, help="stop after so many")
    options = parser.parse_args()
    try:
        asyncio.run(main(options.sources, options.seconds))
    except KeyboardInterrupt:
        sys.exit(0)
