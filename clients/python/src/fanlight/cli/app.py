"""The commands: what each takes, and what it prints. What takes longer has a module of its own."""

import base64
import json
import runpy
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fanlight import __version__
from fanlight._install import install
from fanlight._protocol import masked
from fanlight.cli import doctor as examination
from fanlight.cli import recording, viewing
from fanlight.cli.sources import Wanted, opened
from fanlight.errors import FanlightError, StreamInUse
from fanlight.server import Server

#: How long `add` waits for the camera to come online, in seconds.
_COMES_ONLINE = 10.0
#: States in which it will not by itself.
_FAILED = ("auth_failed", "error")

app = typer.Typer(
    help="Cameras of a Fanlight server, from the terminal.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(highlight=False)

Source = Annotated[str, typer.Argument(help="A stream's id, or a camera's URL.")]
Url = Annotated[
    str, typer.Argument(help="The camera's URL; - reads it from the terminal, where nobody else sees it.")
]
Width = Annotated[Optional[int], typer.Option(help="Pixels a row; the camera's own without it.")]
Height = Annotated[Optional[int], typer.Option(help="Rows; the camera's own without it.")]
Fps = Annotated[Optional[float], typer.Option(help="At most so many frames a second.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the server says, for programs.")]

_server: dict[str, Optional[str]] = {"url": None}


def server() -> Server:
    """The server that the command is for."""
    return Server(_server["url"])


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"fanlight {__version__}")
        raise typer.Exit


@app.callback()
def start(
    server: Annotated[
        Optional[str],
        typer.Option(envvar="FANLIGHT_URL", help="The server; http://127.0.0.1:8080 without it."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Cameras of a Fanlight server, from the terminal."""
    _server["url"] = server


@app.command("list")
def list_streams(as_json: AsJson = False) -> None:
    """List the cameras: how they are, what they send, who reads them."""
    streams = server().streams()
    if as_json:
        print(json.dumps(streams, indent=2))
        return
    if not streams:
        out.print("No cameras yet. Add one: fanlight add door rtsp://…, or fanlight add demo demo:")
        return
    table = Table("id", "name", "state", "picture", "readers", box=None, pad_edge=False)
    for stream in streams:
        state = examination.state(stream)
        colour = {"online": "green", "stopped": "dim"}.get(state, "yellow")
        table.add_row(
            Text(str(stream.get("stream_id"))),
            Text(str(stream.get("name") or "")),
            Text(state, style=colour),
            Text(picture(stream.get("video"))),
            str(stream.get("client_count", "")),
        )
    out.print(table)
    for stream in streams:
        for line in examination.trouble(stream):
            out.print(Text(f"{stream.get('stream_id')}: {line}", style="yellow"))


@app.command()
def add(
    stream_id: Annotated[str, typer.Argument(help="Letters, digits, - and _.")],
    url: Url,
    name: Annotated[Optional[str], typer.Option(help="A name for people.")] = None,
    width: Annotated[Optional[int], typer.Option(help="Width for readers that name none; 640.")] = None,
    height: Annotated[Optional[int], typer.Option(help="Height for readers that name none; 480.")] = None,
    substream: Annotated[Optional[str], typer.Option(help="URL of the camera's smaller stream.")] = None,
    transport: Annotated[Optional[str], typer.Option(help="tcp or udp, for rtsp cameras.")] = None,
    mode: Annotated[Optional[str], typer.Option(help="always, or on_demand: only while read.")] = None,
    fingerprint: Annotated[
        Optional[str], typer.Option(help="SHA-256 of a certificate to accept, for rtsps cameras.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is known whether the camera works.")] = True,
) -> None:
    """Add a camera, and say whether it works."""
    with server() as fanlight:
        fanlight.add(
            stream_id,
            _read(url),
            name=name,
            width=width,
            height=height,
            substream_url=substream,
            transport=transport,
            mode=mode,
            tls_fingerprint=fingerprint,
        )
        out.print(Text(f"{stream_id} is added."))
        if wait:
            stream = _settled(fanlight, stream_id, mode)
            lines = examination.trouble(stream)
            out.print(Text("\n".join(lines) if lines else f"It works: {picture(stream.get('video'))}"))
            if lines:
                raise typer.Exit(1)


@app.command()
def remove(
    stream_id: Annotated[str, typer.Argument(help="The stream's id.")],
    force: Annotated[bool, typer.Option(help="Disconnect those who read it.")] = False,
) -> None:
    """Remove a camera."""
    with server() as fanlight:
        try:
            fanlight.remove(stream_id, force=force)
        except StreamInUse:
            names = [str(reader.get("name")) for reader in fanlight.consumers(stream_id)]
            raise FanlightError(
                "\n".join([f"{stream_id} is being read; --force disconnects its readers:", *names])
            ) from None
    out.print(Text(f"{stream_id} is removed."))


@app.command()
def restart(stream_id: Annotated[str, typer.Argument(help="The stream's id.")]) -> None:
    """Connect to a camera anew, at once."""
    server().restart(stream_id)
    out.print(Text(f"{stream_id} connects anew."))


@app.command()
def probe(
    url: Url,
    save: Annotated[Optional[Path], typer.Option(help="Write a picture of it to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Test a camera without adding it."""
    told = server().probe(_read(url))
    if save is not None and told.get("picture"):
        save.write_bytes(base64.b64decode(str(told["picture"]).partition(",")[2]))
    if as_json:
        print(json.dumps({name: value for name, value in told.items() if name != "picture"}, indent=2))
        return
    out.print(Text(picture(told.get("video"))))
    if told.get("audio"):
        out.print(Text(f"sound: {told['audio']}, which is not carried"))
    for warning in told.get("warnings") or []:
        out.print(Text(f"mind: {warning.get('message')}", style="yellow"))


@app.command()
def snapshot(
    source: Source,
    file: Annotated[Path, typer.Argument(help="A name that ends in .jpg, .png or .webp.")],
    width: Width = None,
    height: Height = None,
) -> None:
    """Take one picture."""
    with opened(server(), source, Wanted(width, height)) as client:
        client.snapshot(file, timeout=10)
    out.print(Text(f"{file} is written."))


@app.command()
def view(source: Source, width: Width = None, height: Height = None, fps: Fps = None) -> None:
    """Show a camera in a window; q ends it."""
    viewing.view(lambda: opened(server(), source, Wanted(width, height, fps)), masked(source))


@app.command()
def record(
    source: Source,
    file: Annotated[Path, typer.Argument(help="A name that ends in .mp4, .mkv or .avi.")],
    seconds: Annotated[Optional[float], typer.Option(help="How long; without it until Ctrl-C.")] = None,
    width: Width = None,
    height: Height = None,
    fps: Fps = None,
) -> None:
    """Record a camera's decoded pictures to a video file."""
    with opened(server(), source, Wanted(width, height, fps)) as client:
        done = recording.record(client, file, seconds)
    out.print(Text(f"{file}: {done.seconds:.1f} s, {done.frames} frames."))
    if done.missing:
        out.print(Text(f"{done.missing} frames were missed; the frame before each stands in for it."))
    if done.ended_by:
        raise FanlightError(done.ended_by)


@app.command()
def doctor() -> None:
    """Look whether everything works: this package, the server, FFmpeg, each camera. Says what to do."""
    healthy = True
    for finding in examination.examine(server()):
        healthy = healthy and finding.is_well
        mark = Text("ok   " if finding.is_well else "wrong", style="green" if finding.is_well else "red")
        out.print(mark, Text(finding.text))
        if finding.way_out:
            out.print(Text(f"      {finding.way_out}", style="yellow"))
    if not healthy:
        raise typer.Exit(1)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        # What follows the script is the script's, --help too.
        "allow_interspersed_args": False,
    }
)
def run(
    context: typer.Context,
    script: Annotated[Path, typer.Argument(help="A Python script, followed by its own arguments.")],
) -> None:
    """Run a script that uses cv2.VideoCapture, unedited, with its network cameras through Fanlight."""
    try:
        install()
    except ImportError:
        raise FanlightError("Running such a script needs OpenCV: pip install 'fanlight[opencv]'") from None
    sys.argv = [str(script), *context.args]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def picture(video: Optional[dict[str, Any]]) -> str:
    """What a camera sends, in words."""
    if not video:
        return ""
    rate = f", {video['fps']:.4g} fps" if video.get("fps") else ""
    bits = f", {video['bitrate_kbps'] / 1000:.3g} Mbit/s" if video.get("bitrate_kbps") else ""
    return f"{video.get('width')}x{video.get('height')} {video.get('codec')}{rate}{bits}"


def _read(url: str) -> str:
    """The URL, from the terminal where it was asked for there: arguments are seen by all users."""
    if url != "-":
        return url
    if sys.stdin.isatty():
        return str(typer.prompt("URL", hide_input=True))
    return sys.stdin.readline().strip()


def _settled(fanlight: Server, stream_id: str, mode: Optional[str]) -> dict[str, Any]:
    """The stream, once it is online, has failed, or has had its time."""
    deadline = time.monotonic() + _COMES_ONLINE
    while True:
        stream = fanlight.stream(stream_id)
        state = examination.state(stream)
        is_known = (state == "online" and stream.get("video")) or state in _FAILED
        if is_known or mode == "on_demand" or time.monotonic() > deadline:
            return stream
        time.sleep(0.1)
