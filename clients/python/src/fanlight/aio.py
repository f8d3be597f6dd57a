"""AsyncClient: what RTSPStreamClient does, awaited on an asyncio loop instead of blocking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

from fanlight import _protocol
from fanlight._pixels import Pixels
from fanlight._protocol import Array, Request
from fanlight._reader import StreamReader
from fanlight._reading import Exchange, Outcome
from fanlight._shared_wire import FramesWire
from fanlight._transport import token_source
from fanlight._wire import Wire
from fanlight.errors import FanlightError, NoFrame, StreamInUse, StreamNotFound
from fanlight.frame import Frame

#: Seconds that a picture may take on its way beyond those that the server waits for it.
_ON_THE_WAY = 5.0


class AsyncClient(StreamReader):
    """Frames of one stream as numpy arrays, awaited. No thread runs, and nothing blocks the loop.

    Leaving the context, or `close()`, ends this reader alone. For one task at a time; a task that is
    cancelled while it waits for a frame loses none.
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
        """Name the server and the stream, and how to read it, as for RTSPStreamClient."""
        super().__init__(server_url, stream_id, size=size, fps=fps, pixels=pixels, timeout=timeout)
        self._calls = Wire(self._address, token_source(token))
        self._frames = FramesWire(self._address, token_source(token))

    @classmethod
    async def for_url(
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
    ) -> AsyncClient:
        """A client for the stream of a camera's URL; the server names it, and starts it if it must."""
        client = cls(
            server_url, "", size=(width, height), fps=fps, pixels=pixels, timeout=timeout, token=token
        )
        request = _protocol.start(None, rtsp_url, width=width, height=height, **settings)
        client._started(request, await client._call(request))
        return client

    async def __aenter__(self) -> AsyncClient:
        """Return the client itself; nothing is sent."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect this reader; the stream stays."""
        self.close()

    # Calls

    async def start_stream(self, rtsp_url: str, width: int = 640, height: int = 480, **settings: Any) -> bool:
        """Start the stream, or join it where it runs already; see RTSPStreamClient.start_stream."""
        request = self._start_request(rtsp_url, width, height, settings)
        self._started(request, await self._call(request))
        self.size = (width, height)
        return True

    async def stop_stream(self) -> bool:
        """Stop the stream for everyone; False while others still read it."""
        try:
            await self._call(_protocol.stop(self.stream_id), self._frames)
        except StreamInUse:
            return False
        except StreamNotFound:
            pass
        self._reading.start = None
        return True

    async def get_stream(self) -> dict[str, Any]:
        """The stream in full as the server tells it: state, camera's codec and size, readers."""
        return await self._call(_protocol.stream(self.stream_id))

    async def get_stats(self) -> dict[str, Any]:
        """The stream's state and counters as the server tells them (see its API: `.../stats`)."""
        return await self._call(_protocol.stats(self.stream_id))

    def close(self) -> None:
        """Disconnect from the server."""
        self._frames.close()
        self._calls.close()

    # Frames

    async def get_frame(
        self, timeout: float = 1.0, into: Array | None = None, *, view: bool = False
    ) -> Frame | None:
        """The newest frame after the last one returned; None when there is none within `timeout` seconds.

        Its shape, its promises and the errors it raises are those of RTSPStreamClient.get_frame. After
        a task was cancelled in here, what was on its way into its `into` is the next call's frame.
        """
        steps = self._reading.frame(timeout, into, view)
        told: Outcome | FanlightError | None = None
        try:
            while True:
                step = steps.throw(told) if isinstance(told, FanlightError) else steps.send(told)
                told = None
                if isinstance(step, Exchange):
                    wire: Wire | FramesWire = self._calls if step.allocate is None else self._frames
                    try:
                        told = await wire.exchange(step)
                    except FanlightError as error:
                        told = error
                else:
                    await asyncio.sleep(max(0.0, step.until - time.monotonic()))
        except StopIteration as end:
            frame: Frame | None = end.value
            return frame

    async def frames(self, timeout: float | None = 10.0, *, view: bool = False) -> AsyncIterator[Frame]:
        """Frame after frame, always the newest; ends as RTSPStreamClient.frames does."""
        patience = 1.0 if timeout is None else timeout
        while True:
            frame = await self.get_frame(patience, view=view)
            if frame is not None:
                yield frame
            elif timeout is not None:
                raise self._no_frame(timeout)

    def __aiter__(self) -> AsyncIterator[Frame]:
        """The same as `frames()`."""
        return self.frames()

    async def snapshot(
        self,
        path: str | Path | None = None,
        *,
        format: str | None = None,
        quality: int | None = None,
        timeout: float = 5.0,
    ) -> bytes:
        """The next frame as a picture file, also written to `path`; see RTSPStreamClient.snapshot."""
        request = self._snapshot_request(path, format, quality, timeout)
        told = await self._frames.exchange(Exchange(request, time.monotonic() + timeout + _ON_THE_WAY))
        if told.status != 200:
            raise NoFrame(f"{self.stream_id} gave no frame in {timeout:g} s.")
        if path is not None:
            Path(path).write_bytes(told.body)
        return told.body

    async def _call(self, request: Request, wire: Wire | FramesWire | None = None) -> dict[str, Any]:
        step = Exchange.within(request, self.timeout)
        return _protocol.json_object((await (wire or self._calls).exchange(step)).body)
