"""Programs that stand in for FFmpeg and misbehave. Whatever else they are asked, the real one answers."""

import shlex
from pathlib import Path

from rig.server import sidecar

#: Bash, as it can run a program under another name: the rig finds FFmpeg processes by theirs.
SCRIPT = """#!/bin/bash
case " $* " in *" rawvideo "*)
{decoding}
;; esac
exec -a "$0" {real} "$@"
"""

#: Ends at once, and leaves a line in a file for each start.
DYING = 'echo started >> "$0.starts"; echo "[error] no memory" >&2; exit 1'

#: Says ten megabytes a second on stderr, half of them in one line, as long as somebody listens.
TALKATIVE = r"""(
  while head -c 500000 /dev/zero | tr '\0' x && seq 1000000 1062500; do sleep 0.1; done >&2 2>/dev/null
) &"""


def stand_in(folder: Path, decoding: str) -> Path:
    """A stand-in whose decoders do this first."""
    program = folder / "stand-in"
    program.write_text(SCRIPT.format(decoding=decoding, real=shlex.quote(sidecar())))
    program.chmod(0o755)
    return program
