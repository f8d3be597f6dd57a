"""What people have in scripts and notes from the server before Fanlight runs as written there, but for the port."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rig.server import ROOT
from rig.site import Site
from rig.waiting import eventually

CLIENT = """
from python_client import RTSPStreamClient

with RTSPStreamClient("http://localhost:8080", "camera1") as client:
    client.start_stream("{url}", 640, 480)
    client.start_receiving()
    for _ in range(10):
        frame = client.get_frame(timeout=5.0)
        if frame is None:
            break
        print(frame.shape)
    print(client.get_stats()["frame_count"] > 0)
    client.stop_stream()
"""

CAPTURE = """
import cv2
from video_import import VideoCapture

cap = VideoCapture("{url}")
if not cap.isOpened():
    raise SystemExit("cannot open the camera")
for _ in range(10):
    ret, frame = cap.read()
    if not ret:
        break
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    print(gray.shape)
cap.release()
"""

#: One after the other, in the order in which one tries a server out.
CURL = """
curl -X POST http://localhost:8080/api/streams -H "Content-Type: application/json" -d '{"stream_id": "camera1", "rtsp_url": "URL", "width": 640, "height": 480, "frame_buffer_size": 100, "client_buffer_size": 10}'
curl -X POST http://localhost:8080/api/streams/start-with-url -H "Content-Type: application/json" -d '{"rtsp_url": "URL"}'
curl http://localhost:8080/api/streams
curl http://localhost:8080/api/streams/camera1/stats
curl -o frame.raw -D headers.txt http://localhost:8080/api/streams/camera1/frame
curl http://localhost:8080/health
curl -X DELETE http://localhost:8080/api/streams/camera1
curl -X DELETE http://localhost:8080/api/streams/camera1/force
"""  # noqa: E501


def run(site: Site, script: str) -> list[str]:
    """What a script prints, in a process of its own."""
    source = str(ROOT / "clients" / "python" / "src")
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    # VideoCapture is told the server in no other way.
    env = os.environ | {"FANLIGHT_URL": site.server.url, "PYTHONPATH": path}
    script = script.replace("{url}", site.cameras.url()).replace(":8080", f":{site.server.port}")
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_python_client(site: Site) -> None:
    assert run(site, CLIENT) == ["(480, 640, 3)"] * 10 + ["True"]
    assert site.server.streams() == []


def test_the_python_capture(site: Site) -> None:
    assert run(site, CAPTURE) == ["(360, 640)"] * 10


def test_curl(site: Site, tmp_path: Path) -> None:
    url = site.cameras.url()
    lines = CURL.strip().replace("URL", url).replace(":8080", f":{site.server.port}").splitlines()

    def curl(line: str) -> Any:
        command = ["sh", "-c", line]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True)
        return json.loads(done.stdout) if done.stdout else {}

    start, with_url, streams, stats, frame, health, stop, force = lines
    started = {"message": "Stream started successfully", "stream_id": "camera1", "rtsp_url": url}
    assert curl(start) == started | {"width": 640, "height": 480}
    # This camera has its stream already, whatever it is called.
    known = curl(with_url)
    assert (known["message"], known["stream_id"]) == ("Stream already running", "camera1")
    (listed,) = curl(streams)["streams"]
    assert (listed["stream_id"], listed["is_running"]) == ("camera1", True)
    curl(frame)
    assert (tmp_path / "frame.raw").stat().st_size == 640 * 480 * 3
    assert "x-frame-timestamp: 1" in (tmp_path / "headers.txt").read_text().lower()
    assert curl(stats)["frame_count"] > 0
    assert curl(health)["status"] == "healthy"
    stopped = eventually(lambda: (told := curl(stop)).get("message") and told)
    assert stopped == {"message": "Stream stopped successfully", "stream_id": "camera1"}
    curl(start)
    assert curl(force) == {"message": "Stream force-stopped successfully", "stream_id": "camera1"}
    assert "error" in curl(force)
