"""A camera that serves Motion JPEG over HTTP, as cheap ones do."""

import base64
import http.server
import threading
import time
from typing import Any

from rig.clip import Clip


class WebCamera:
    """Serves a Motion JPEG clip at /video to who signs in; a context manager."""

    def __init__(self, clip: Clip, user: str, password: str) -> None:
        self._pictures = [b"\xff\xd8\xff" + p for p in clip.path().read_bytes().split(b"\xff\xd8\xff")[1:]]
        self._period = 1 / clip.fps
        self._login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._ended = threading.Event()
        #: Viewers connected now, and all there ever were.
        self.open = self.ever = 0
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "WebCamera":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != self._login:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
        elif request.path != "/video":
            request.send_error(404)
        else:
            request.send_response(200)
            request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
            request.end_headers()
            self.open += 1
            self.ever += 1
            try:
                self._stream(request)
            except OSError:
                pass  # The viewer is gone.
            finally:
                self.open -= 1

    def _stream(self, request: http.server.BaseHTTPRequestHandler) -> None:
        started = time.monotonic()
        for number in range(1_000_000):
            if self._ended.wait(max(0.0, started + number * self._period - time.monotonic())):
                return
            picture = self._pictures[number % len(self._pictures)]
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            request.wfile.write(head.encode() + picture + b"\r\n")
