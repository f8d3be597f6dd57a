"""RTSPStreamClient: one stream of a server, by its id.

No thread runs in the background: `get_frame` asks the server for the newest frame after the last one
it got. A slow script therefore sees fresh frames, and counts what it missed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from fanlight import _protocol
from fanlight._driving import drive
from fanlight._frames import Frames
from fanlight._pixels import Pixels
from fanlight._protocol import Array
from fanlight._reader import StreamReader
from fanlight._reading import Exchange
from fanlight._transport import Transport, token_source
from fanlight.errors import NoFrame, StreamInUse, StreamNotFound
from fanlight.frame import Frame

#: Seconds that a picture may take on its way beyond those that the server waits for it.
_ON_THE_WAY = 5.0


class RTSPStreamClient(StreamReader):
    """Frames of one stream as numpy arrays.

    Leaving the context, or `close()`, ends this reader alone: the camera goes on for others. For one
    thread at a time; several readers of one stream each get every frame.
    """

    def __init__(
        self,
        server_url: str | None = None,
        stream_id: str = "camera1",
        *,
        size: tuple[int | None, int | None] = (None, None),
        fps: float | None = None,
        pixels: Pixels = "bgr",
        timeout: float = 5.0,
        token: str | None = None,
    ) -> None:
        """Name the server and the stream, and how to read it; nothing is sent yet.

        Without a server's URL it is FANLIGHT_URL's, else http://127.0.0.1:8080. `timeout` bounds every
        call but `get_frame`, in seconds. `token` is for servers that ask for one; without it, it is
        FANLIGHT_TOKEN, or what a server on this machine left for its user.
        """
        super().__init__(server_url, stream_id, size=size, fps=fps, pixels=pixels, timeout=timeout)
        # Frames have a connection of their own: closing it tells the server that this reader left.
        self._calls = Transport(self._address, token_source(token))
        self._frames = Frames(self._address, token_source(token))

    @classmethod
    def for_url(
        cls,
        server_url: str | None,
        rtsp_url: str,
        width: int | None = None,
        height: int | None = None,
        *,
        fps: float | None = None,
        pixels: Pixels = "bgr",
        timeout: float = 5.0,
        token: str | None = None,
        **settings: Any,
    ) -> RTSPStreamClient:
        """A client for the stream of a camera's URL; the server names it, and starts it if it must.

        `width` and `height` are what frames are read at; without them the stream's own size. Settings
        are those of `start_stream`, and it raises what that raises.
        """
        client = cls(
            server_url, "", size=(width, height), fps=fps, pixels=pixels, timeout=timeout, token=token
        )
        request = _protocol.start(None, rtsp_url, width=width, height=height, **settings)
        client._started(request, client._calls.call(request, timeout))
        return client

    def __enter__(self) -> RTSPStreamClient:
        """Return the client itself; nothing is sent."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect this reader; the stream stays."""
        self.close()

    # Calls

    def start_stream(self, rtsp_url: str, width: int = 640, height: int = 480, **settings: Any) -> bool:
        """Start the stream, or join it where it runs already, and read it at `width` x `height` pixels.

        `settings` are more of the server's fields for a stream: `name`, `substream_url`, `transport`,
        `mode`, `leave_after`, `tls_fingerprint`. When the server later does not have the stream any
        more, `get_frame` starts it again.

        Returns True. Raises StreamExists when the id belongs to another URL, InvalidRequest when the
        server does not take the URL, the size or a setting, ConnectionFailed when there is no server.
        """
        request = self._start_request(rtsp_url, width, height, settings)
        self._started(request, self._call(request))
        self.size = (width, height)
        return True

    def start_receiving(self) -> bool:
        """Make sure that the stream is there, before the first frame is waited for.

        Returns True. Raises StreamNotFound or ConnectionFailed. `get_frame` works without it as well.
        """
        self.get_stream()
        return True

    def stop_receiving(self) -> None:
        """Stop reading; `get_frame` starts it again."""
        self._frames.close()

    def stop_stream(self) -> bool:
        """Stop the stream for everyone.

        Returns True when it is gone, False while others still read it.
        """
        try:
            # On the connection that reads, so that this reader does not count as one of the others.
            self._frames.call(_protocol.stop(self.stream_id), self.timeout)
        except StreamInUse:
            return False
        except StreamNotFound:
            pass
        self._reading.start = None
        return True

    def get_stream(self) -> dict[str, Any]:
        """The stream in full as the server tells it: state, camera's codec and size, readers."""
        return self._call(_protocol.stream(self.stream_id))

    def get_stats(self) -> dict[str, Any]:
        """The stream's state and counters as the server tells them (see its API: `.../stats`)."""
        return self._call(_protocol.stats(self.stream_id))

    def close(self) -> None:
        """Disconnect from the server."""
        self._frames.close()
        self._calls.close()

    # Frames

    def get_frame(
        self, timeout: float = 1.0, into: Array | None = None, *, view: bool = False
    ) -> Frame | None:
        """The newest frame after the last one returned: an array (height, width, 3), uint8, BGR.

        With `pixels` set otherwise it is RGB, or (height, width) of grey. The array belongs to the
        caller, is writable, and never holds the same frame twice; where `into` fits the frame, the
        pixels are read into it and the returned frame is a view of it. Returns None when there is none
        within `timeout` seconds, whatever the reason (`last_error` tells it): the camera may be away,
        or the server; both are picked up again when they are back. A timeout of 0 asks for what is
        there now, and takes up to 50 ms.

        With `view` the frame is read-only and shows the pixels where a server on this machine has them,
        which saves the copy; they stay as they are until the frame, its crops and whatever else shows
        them is gone. Where that is not possible (another machine, not Linux, other `pixels` than `bgr`,
        eight views held already) it is a frame as usual. A process that was forked must not use its
        parent's views.

        Raises StreamNotFound for a stream that no frame was ever read of and that this client did not
        start, InvalidRequest when the server does not take the id or the size, and ConsumerKicked when
        somebody disconnected this reader.
        """
        return drive(self, self._reading.frame(timeout, into, view))

    def frames(self, timeout: float | None = 10.0, *, view: bool = False) -> Iterator[Frame]:
        """Frame after frame, always the newest, as `get_frame` reads them.

        Raises what `get_frame` raises, and when there is none for `timeout` seconds the reason of it:
        NoFrame, ConnectionFailed, CameraUnreachable and so on. With None it waits for as long as it takes.
        """
        patience = 1.0 if timeout is None else timeout
        while True:
            frame = self.get_frame(patience, view=view)
            if frame is not None:
                yield frame
            elif timeout is not None:
                raise self._no_frame(timeout)

    def __iter__(self) -> Iterator[Frame]:
        """The same as `frames()`."""
        return self.frames()

    def snapshot(
        self,
        path: str | Path | None = None,
        *,
        format: str | None = None,
        quality: int | None = None,
        timeout: float = 5.0,
    ) -> bytes:
        """The next frame as a picture file, also written to `path` if there is one; its bytes.

        `format` is `jpeg`, `png` or `webp`; without it the path's ending decides, else it is JPEG.
        `quality` (1 to 100) is of JPEG. Raises NoFrame when there is none within `timeout` seconds.
        """
        request = self._snapshot_request(path, format, quality, timeout)
        # On the connection that reads, so that this is no second reader.
        told = self._frames.exchange(Exchange(request, time.monotonic() + timeout + _ON_THE_WAY))
        if told.status != 200:
            raise NoFrame(f"{self.stream_id} gave no frame in {timeout:g} s.")
        if path is not None:
            Path(path).write_bytes(told.body)
        return told.body

    def _call(self, request: _protocol.Request) -> dict[str, Any]:
        return self._calls.call(request, self.timeout)
