"""What the figures were found on: machine, versions, commit; and what the cameras sent."""

import json
import os
import platform
import subprocess
import time
import urllib.request
from pathlib import Path

import cv2
import numpy
import psutil

from plan import CLIP
from rig.server import ROOT, Server


def describe(server: str) -> list[str]:
    """The machine and all versions, a line each."""
    with Server() as running, urllib.request.urlopen(running.url + "/api/info") as answer:
        info = json.load(answer)
    build = next((f"{name} build" for name in ("release", "debug") if name in Path(server).parts), server)
    if Path(server).stat().st_mtime < float(_git("log", "-1", "--format=%ct", "--", "crates") or 0):
        build += ", older than this commit"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"- {time.strftime('%Y-%m-%d')}, commit {_git('rev-parse', '--short', 'HEAD') or 'unknown'}"
        + (" with changes" if _git("status", "--porcelain", "--", "crates", "clients") else ""),
        f"- machine: {_cpu()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()},"
        f" load {load:.1f} at the start",
        f"- Fanlight {info['version']} ({build}), FFmpeg {(info['ffmpeg'] or {}).get('version', 'missing')}",
        f"- Python {platform.python_version()}, numpy {numpy.__version__}, OpenCV {cv2.__version__} with its own"
        f" FFmpeg, over TCP",
    ]


def describe_camera() -> str:
    """What the bench's cameras send."""
    return f"- camera: {CLIP.size}, {CLIP.fps} fps, H.264 {CLIP.kbit // 1000} Mbit/s, keyframe every {CLIP.gop} frames"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
