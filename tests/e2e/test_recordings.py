"""Recording: what a camera sends goes to disk untouched, survives crashes, and is listed, played and deleted."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from rig.camera import Cameras
from rig.http import Answer
from rig.movie import length
from rig.server import Server
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

#: A fragment is a second; a machine may be busy.
WITHIN = 1.5


class Recorder:
    """The recordings of one server."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Answer:
        return self.server.ask(method, path, body, headers or None)

    def told(self, stream_id: str = "cam") -> dict[str, Any]:
        return self.ask("GET", f"/api/streams/{stream_id}/recording").json

    def start(self, stream_id: str = "cam") -> None:
        assert self.ask("POST", f"/api/streams/{stream_id}/recording", {}).status == 200
        self.wait("recording", stream_id)

    def stop(self, stream_id: str = "cam") -> None:
        answer = self.ask("DELETE", f"/api/streams/{stream_id}/recording")
        assert (answer.status, answer.json["state"]) == (200, "off"), answer.text

    def wait(self, state: str, stream_id: str = "cam", within: float = 10) -> dict[str, Any]:
        def reached() -> dict[str, Any]:
            told = self.told(stream_id)
            assert told["state"] == state, told
            return told

        return eventually(reached, within)

    def all(self, query: str = "") -> list[dict[str, Any]]:
        return self.listing(query)["recordings"]

    def listing(self, query: str = "") -> dict[str, Any]:
        answer = self.ask("GET", f"/api/recordings{query}")
        assert answer.status == 200, answer.text
        return answer.json


@pytest.fixture
def recorder(server: Callable[..., Server], tmp_path: Path) -> Recorder:
    folder = tmp_path / "recordings"
    return Recorder(server(options=["--recordings", str(folder)]), folder)


@pytest.fixture
def cameras(camera: Callable[..., Cameras], recorder: Recorder) -> Cameras:
    cameras = camera()
    recorder.server.add("cam", cameras.url(), name="Front door")
    recorder.server.wait_online("cam")
    return cameras


def test_a_killed_server_leaves_what_it_recorded(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    time.sleep(5)
    (listed,) = recorder.all()
    assert listed["in_progress"]
    recorder.server.send_signal(signal.SIGKILL)
    killed = time.time()
    recorder.server.kill()
    (file,) = recorder.folder.rglob("*.mp4")
    assert Path(listed["file"]) == file
    began = time.mktime(time.strptime(listed["started_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    began += float("0" + (re.search(r"\.\d+", listed["started_at"]) or ["0"])[0])
    sent = killed - began
    assert sent - WITHIN < length(file) < sent + 0.2
    recorder.server.start()
    (mended,) = eventually(lambda: recorder.all())
    assert (mended["id"], mended["in_progress"], mended["name"]) == (listed["id"], False, "Front door")
    assert sent - WITHIN < mended["duration_seconds"] < sent + 0.2
    assert abs(length(Path(mended["file"])) - mended["duration_seconds"]) < 0.1


def test_a_camera_that_comes_back_goes_on_in_one_library(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    time.sleep(2)
    cameras.kill()
    recorder.wait("waiting")
    assert recorder.server.stream("cam")["recording"] == "waiting"
    cameras.start()
    recorder.wait("recording", within=15)
    time.sleep(2)
    recorder.stop()
    recordings = recorder.all()
    assert recordings
    assert not any(recording["in_progress"] for recording in recordings)
    for recording in recordings:
        assert abs(length(Path(recording["file"])) - recording["duration_seconds"]) < 0.1
    assert cameras.connections().ever == 1, "recording shares the camera's one connection"


def test_recording_keeps_no_stream_from_being_stopped(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    assert recorder.server.stream("cam")["client_count"] == 0
    assert recorder.ask("DELETE", "/api/streams/cam").status == 200
    (recording,) = eventually(lambda: [r for r in recorder.all() if not r["in_progress"]])
    assert length(Path(recording["file"])) > 0.5


@pytest.fixture
def recording(cameras: Cameras, recorder: Recorder) -> dict[str, Any]:
    recorder.start()
    time.sleep(2)
    recorder.stop()
    (recording,) = recorder.all()
    return recording


def test_it_is_listed_played_and_deleted(recorder: Recorder, recording: dict[str, Any]) -> None:
    path = f"/api/recordings/{recording['id']}"
    assert recorder.ask("GET", path).json == recording
    assert (recording["kind"], recording["codec"], recording["stream_id"]) == ("recording", "h264", "cam")
    assert (recording["width"], recording["height"]) == (640, 360)
    whole = recorder.ask("GET", f"{path}/video")
    assert (whole.status, whole.headers["content-type"]) == (200, "video/mp4")
    assert whole.body == Path(recording["file"]).read_bytes()
    assert len(whole.body) == recording["bytes"] == recorder.listing()["total_bytes"]
    part = recorder.ask("GET", f"{path}/video", Range="bytes=100-199")
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.body)}"
    assert recorder.ask("GET", f"{path}/video", Range=f"bytes={len(whole.body)}-").status == 416
    saved = recorder.ask("GET", f"{path}/video?download=1").headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="cam_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.mp4"', saved)
    assert recorder.ask("HEAD", f"{path}/video").headers["content-length"] == str(len(whole.body))
    thumbnail = recorder.ask("GET", f"{path}/thumbnail?width=160")
    assert (thumbnail.status, thumbnail.headers["content-type"]) == (200, "image/jpeg")
    assert thumbnail.body[:2] == b"\xff\xd8"
    assert recorder.ask("GET", f"{path}/thumbnail?width=160").body == thumbnail.body
    deleted = recorder.ask("DELETE", path)
    assert (deleted.status, deleted.json["id"]) == (200, recording["id"])
    assert not list(recorder.folder.rglob("*.mp4"))
    for gone in (path, f"{path}/video", f"{path}/playlist.m3u8", f"{path}/thumbnail"):
        recorder.ask("GET", gone).problem(404, "recording_not_found")
    recorder.ask("DELETE", path).problem(404, "recording_not_found")


def parts(recorder: Recorder, recording: str) -> tuple[str, list[float], bytes]:
    """The playlist of a recording, how long its parts are, and all of them as a player fetches them."""
    path = f"/api/recordings/{recording}"
    playlist = recorder.ask("GET", f"{path}/playlist.m3u8")
    assert (playlist.status, playlist.headers["content-type"]) == (200, "application/vnd.apple.mpegurl")
    (head,) = re.findall(r'^#EXT-X-MAP:URI="video",BYTERANGE="(\d+@\d+)"$', playlist.text, re.MULTILINE)
    named = re.findall(r"^#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+@\d+)\nvideo$", playlist.text, re.MULTILINE)
    fetched = b""
    for length_and_offset in (head, *(byte_range for _, byte_range in named)):
        count, offset = map(int, length_and_offset.split("@"))
        part = recorder.ask("GET", f"{path}/video", Range=f"bytes={offset}-{offset + count - 1}")
        assert (part.status, len(part.body)) == (206, count)
        fetched += part.body
    return playlist.text, [float(seconds) for seconds, _ in named], fetched


def test_what_a_playlist_names_plays(cameras: Cameras, recorder: Recorder, tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    recorder.start()
    recording = recorder.told()["file"]
    _, early, _ = eventually(lambda: (told := parts(recorder, recording)) and told[1] and told, within=15)
    playlist, _, fetched = parts(recorder, recording)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in playlist
    assert "#EXT-X-ENDLIST" not in playlist
    whole.write_bytes(fetched)
    assert length(whole) > 0.5
    recorder.stop()
    playlist, seconds, fetched = parts(recorder, recording)
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    assert seconds[: len(early)] == early, "what was told stays so"
    (told,) = recorder.all()
    assert abs(sum(seconds) - told["duration_seconds"]) < 0.01
    assert max(seconds) <= int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", playlist)[0])
    whole.write_bytes(fetched)
    assert abs(length(whole) - told["duration_seconds"]) < 0.1
    video = cv2.VideoCapture(str(whole))
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640, 360)
    assert video.read()[0]


def test_one_being_written_is_played_and_not_deleted(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    told = recorder.told()
    path = f"/api/recordings/{told['file']}"
    assert recorder.ask("GET", f"{path}/video").body[4:8] == b"ftyp"
    assert recorder.ask("GET", f"{path}/thumbnail").status == 200
    recorder.ask("DELETE", path).problem(409, "recording_in_progress")
    recorder.stop()
    assert recorder.ask("DELETE", path).status == 200


def test_nothing_outside_of_the_folder_is_touched(
    recorder: Recorder, recording: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("..%2f..%2fcameras.json", "%2fetc%2fpasswd", "cam", recording["id"] + "x", "..", "%00"):
        for method, path in (
            ("GET", ""),
            ("GET", "/video"),
            ("GET", "/playlist.m3u8"),
            ("GET", "/thumbnail"),
            ("DELETE", ""),
        ):
            assert recorder.ask(method, f"/api/recordings/{name}{path}").status in (400, 404), name
    file = Path(recording["file"])
    secret = tmp_path / "secret.mp4"
    shutil.move(file, secret)
    file.symlink_to(secret)
    for what in ("video", "playlist.m3u8"):
        recorder.ask("GET", f"/api/recordings/{recording['id']}/{what}").problem(404, "recording_not_found")
    recorder.ask("DELETE", f"/api/recordings/{recording['id']}")
    assert secret.exists()
    other = recorder.folder / "cam" / "2020-01-01"
    other.symlink_to(tmp_path)
    shutil.copy(secret, tmp_path / "01-01-01.000Z.mp4")
    recorder.server.restart()
    time.sleep(1)
    assert recorder.all() == []


def test_pages_of_the_list(recorder: Recorder, recording: dict[str, Any]) -> None:
    for _ in range(2):
        recorder.start()
        recorder.stop()
    ids = [each["id"] for each in recorder.all()]
    assert len(ids) == 3
    assert ids[-1] == recording["id"]
    paged, before = [], ""
    while page := recorder.all(f"?limit=1{before}"):
        paged += [each["id"] for each in page]
        before = f"&before={paged[-1]}"
    assert paged == ids
    assert recorder.all("?stream_id=other") == []
    assert len(recorder.all("?before=2020-01-01T00:00:00Z")) == 0
    for wrong in ("?limit=0", "?before=yesterday", "?limit=x"):
        recorder.ask("GET", f"/api/recordings{wrong}").problem(400, "invalid_request")


def test_a_schedule_survives_a_restart_until_it_is_stopped(cameras: Cameras, recorder: Recorder) -> None:
    changed = recorder.ask("PATCH", "/api/streams/cam", {"record": "always"})
    assert (changed.status, changed.json["record"]) == (200, "always")
    recorder.wait("recording")
    recorder.server.restart()
    assert recorder.wait("recording")["schedule"] == "always"
    recorder.stop()
    assert recorder.server.stream("cam")["record"] == "off"
    recorder.server.restart()
    recorder.server.wait_online("cam")
    assert (recorder.told()["state"], len(recorder.all())) == ("off", 2)
    recorder.ask("PATCH", "/api/streams/cam", {"record": "sometimes"}).problem(400, "invalid_request")


def test_the_oldest_are_deleted_beyond_the_quota(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    time.sleep(3)
    rate = recorder.listing()["total_bytes"] / 3
    quota = int(rate * 8)
    setup = recorder.ask("PATCH", "/api/settings/recordings", {"quota_bytes": quota})
    assert (setup.status, setup.json["quota_bytes"]) == (200, quota)
    first = recorder.told()["file"]
    eventually(lambda: recorder.ask("GET", f"/api/recordings/{first}").status == 404, within=25)
    listing = recorder.listing()
    assert listing["total_bytes"] <= quota * 1.3
    assert len(listing["recordings"]) > 1
    assert recorder.told()["state"] == "recording"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_is_told_and_recording_goes_on_when_there_is_room(
    cameras: Cameras, recorder: Recorder, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_700_000))
    changed = recorder.ask("PATCH", "/api/settings/recordings", {"folder": str(small_disk)})
    assert changed.status == 200, changed.text
    assert recorder.ask("POST", "/api/streams/cam/recording", {}).status == 200
    failed = recorder.wait("failed", within=40)
    assert failed["error"]["code"] == "disk_full"
    assert recorder.listing()["error"]["code"] == "disk_full"
    assert recorder.server.state("cam") == "online"
    for file in small_disk.rglob("*.mp4"):
        assert length(file) > 0
    ballast.unlink()
    recorder.wait("recording", within=40)
    assert recorder.listing()["error"] is None


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.write_text("not mounted yet")
    recorder = Recorder(server(options=["--recordings", str(folder)]), folder)
    recorder.server.add("cam", camera().url(), record="always")
    assert recorder.wait("failed")["error"]["code"] == "folder_unwritable"
    assert recorder.server.wait_online("cam")
    folder.unlink()
    recorder.wait("recording", within=20)


def test_without_a_folder_nothing_is_recorded(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    recorder = Recorder(server(), Path())
    recorder.server.add("cam", camera().url())
    recorder.ask("POST", "/api/streams/cam/recording", {}).problem(409, "recordings_off")
    recorder.ask("POST", "/api/streams/cam/clip", {}).problem(409, "recordings_off")
    listing = recorder.listing()
    assert (listing["recordings"], listing["error"]["code"]) == ([], "recordings_off")
    assert recorder.told()["state"] == "off"


def test_a_clip_of_what_has_just_been(cameras: Cameras, recorder: Recorder) -> None:
    def of_the_running_group() -> Answer:
        answer = recorder.ask("POST", "/api/streams/cam/clip", {"seconds": 30})
        assert answer.status == 201, answer.text
        return answer

    # There is nothing before the first keyframe has come.
    short = eventually(of_the_running_group, within=5)
    assert 0 < length(Path(short.json["file"])) < 2.5
    assert recorder.ask("PATCH", "/api/settings/recordings", {"clip_seconds": 6}).status == 200
    time.sleep(9)
    clip = recorder.ask("POST", "/api/streams/cam/clip", {"seconds": 5}).json
    assert (clip["kind"], clip["in_progress"], clip["name"]) == ("clip", False, "Front door")
    assert 4.5 < length(Path(clip["file"])) < 5 + 2.5
    assert abs(clip["duration_seconds"] - length(Path(clip["file"]))) < 0.1
    assert {each["id"] for each in recorder.all()} == {clip["id"], short.json["id"]}
    for wrong in ({"seconds": 0}, {"seconds": 301}):
        recorder.ask("POST", "/api/streams/cam/clip", wrong).problem(400, "invalid_request")


def test_a_clip_of_a_camera_that_never_answered(recorder: Recorder) -> None:
    recorder.server.add("cam", "rtsp://127.0.0.1:9/none")
    recorder.ask("POST", "/api/streams/cam/clip", {}).problem(409, "nothing_buffered")


def test_settings_are_changed_at_once_and_survive(cameras: Cameras, recorder: Recorder, tmp_path: Path) -> None:
    recorder.start()
    elsewhere = tmp_path / "elsewhere"
    for folder, status, code in (("relative", 400, "invalid_request"), ("/dev/null/x", 422, "folder_unwritable")):
        recorder.ask("PATCH", "/api/settings/recordings", {"folder": folder}).problem(status, code)
    changed = recorder.ask("PATCH", "/api/settings/recordings", {"folder": str(elsewhere), "quota_bytes": 10**10})
    assert changed.status == 200, changed.text
    assert changed.json == {
        "folder": str(elsewhere),
        "quota_bytes": 10**10,
        "free_bytes": changed.json["free_bytes"],
        "segment_seconds": 600,
        "clip_seconds": 0,
    }
    eventually(lambda: list(elsewhere.rglob("*.part.mp4")), within=10)
    finished = eventually(lambda: [f for f in recorder.folder.rglob("*.mp4") if ".part" not in f.name])
    assert length(finished[0]) > 0.5
    saved = json.loads((recorder.server.cameras.parent / "recordings.json").read_text())
    assert saved == {"folder": str(elsewhere), "quota_bytes": 10**10}
    recorder.server.restart()
    setup = recorder.ask("GET", "/api/settings/recordings").json
    assert (setup["folder"], setup["quota_bytes"]) == (str(recorder.folder), 10**10)


def test_what_is_written_is_counted(cameras: Cameras, recorder: Recorder) -> None:
    recorder.start()
    time.sleep(1.5)
    text = recorder.ask("GET", "/metrics").text
    found = re.search(r'^fanlight_recording_bytes_total\{camera="cam"\} (\d+)$', text, re.MULTILINE)
    assert found
    assert int(found[1]) > 10_000
    assert 'fanlight_camera_recording{camera="cam"} 1' in text
