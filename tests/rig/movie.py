"""What is in a video file, by FFmpeg."""

import re
import subprocess
from pathlib import Path

from rig.server import sidecar

#: FFmpeg says what is wrong with a file, and how far it got.
QUIETLY = ["-hide_banner", "-nostdin", "-loglevel", "warning", "-progress", "pipe:1"]


def length(path: Path) -> float:
    """Seconds of video that FFmpeg decodes of a file without a complaint."""
    done = subprocess.run(
        [sidecar(), *QUIETLY, "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f", "null", "-"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return int(re.findall(r"^out_time_us=(\d+)", done.stdout, re.MULTILINE)[-1]) / 1e6
