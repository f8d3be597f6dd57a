"""Encodes the camera clips. Every picture carries its number as black and white blocks (code_blocks.py)."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rig import code_blocks as cb

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clips"


@dataclass(frozen=True)
class Clip:
    """What a simulated camera sends, over and over."""

    width: int = 1920
    height: int = 1080
    kbit: int = 4000
    frames: int = 500
    fps: int = 25
    gop: int = 50
    #: h264, h265, mjpeg or mpeg4 (part 2).
    codec: str = "h264"
    #: B-frames between two others; H.264 only.
    b_frames: int = 0
    #: Pictures are renewed column by column: the first picture is the only keyframe. H.264 only.
    intra_refresh: bool = False
    #: The rate that its parameter sets claim, when not the true one; 0: they claim none. H.264 only.
    claims_fps: int | None = None
    #: Every picture is the same, with the number 0; H.264 only.
    still: bool = False

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    def path(self) -> Path:
        """The encoded clip; made on first use and kept."""
        kinds = {"b": self.b_frames, "refresh": self.intra_refresh, "still": self.still}
        kind = "".join(f"-{name}{value:d}" for name, value in kinds.items() if value)
        kind += "" if self.claims_fps is None else f"-claims{self.claims_fps}"
        path = CACHE / f"{self.size}-{self.kbit}k-{self.frames}x{self.fps}-gop{self.gop}{kind}.{self.codec}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            self._encode(part)
            part.rename(path)
        return path

    def _encode(self, out: Path) -> None:
        block_w, block_h = cb.COLS * self.width * cb.CELL / cb.REF_W, 2 * self.height * cb.CELL / cb.REF_H
        blocks = f"[1:v]scale={round(block_w)}:{round(block_h)}:flags=neighbor[c]"
        scene = f"testsrc2=s={self.size}:r={self.fps}"
        scene += ",loop=-1:1" if self.still else ",noise=alls=6:allf=t"
        command = [ffmpeg(), "-y", "-v", "error", "-f", "lavfi", "-i", scene]
        command += ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{cb.COLS}x2", "-r", str(self.fps), "-i", "-"]
        command += ["-filter_complex", f"{blocks};[0:v][c]overlay=0:0:shortest=1,format=yuv420p"]
        command += ["-frames:v", str(self.frames), "-threads", "2", *self._encoder()]
        muxer = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg", "mpeg4": "m4v"}[self.codec]
        numbers = b"".join(cb.encode(0 if self.still else i).tobytes() for i in range(self.frames))
        subprocess.run([*command, "-f", muxer, str(out)], input=numbers, check=True)

    def _encoder(self) -> list[str]:
        if self.codec == "mjpeg":
            return ["-c:v", "mjpeg", "-q:v", "5", "-huffman", "default", "-color_range", "pc"]
        rate = f"{self.kbit}k"
        # A rate that is held would move the quality of a still picture up and down.
        quality = ["-qp", "20"] if self.still else ["-b:v", rate, "-maxrate", rate, "-bufsize", rate]
        common = [*quality, "-g", str(self.gop)]
        if self.codec == "mpeg4":
            return [*common, "-c:v", "mpeg4", "-bf", "0"]
        keyframes = f"keyint={self.gop}:min-keyint={self.gop}:scenecut=0:slices=1"
        if self.codec == "h265":
            options = f"{keyframes}:bframes=0:repeat-headers=1:log-level=error"
            return [*common, "-bf", "0", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", options]
        if self.claims_fps == 0:
            # The encoder that says nothing of the rate.
            return [*common, "-c:v", "libopenh264", "-allow_skip_frames", "0"]
        # camsim/units.py wants to know the order of B-frames by their type alone.
        options = f"{keyframes}:sliced-threads=0:b-adapt=0:b-pyramid=none:intra-refresh={self.intra_refresh:d}"
        command = [*common, "-bf", str(self.b_frames), "-c:v", "libx264", "-preset", "veryfast"]
        command += ["-profile:v", "main", "-x264-params", options]
        if self.claims_fps:
            command += ["-bsf:v", f"h264_metadata=tick_rate={2 * self.claims_fps}"]
        return command


def ffmpeg() -> str:
    """The FFmpeg that makes clips, and that servers under test are given."""
    return os.environ.get("FANLIGHT_FFMPEG") or shutil.which("ffmpeg") or "ffmpeg"
