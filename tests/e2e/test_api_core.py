"""The compatible core of the API, row by row: what clients of earlier servers rely on."""

import hashlib
import struct
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from websocket import ABNF, WebSocket, WebSocketBadStatusException, create_connection

from rig import code_blocks
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone


def websocket(site: Site, stream_id: str, query: str = "") -> WebSocket:
    return create_connection(f"ws://127.0.0.1:{site.server.port}/ws/{stream_id}{query}", timeout=10)


def pixels(data: bytes, width: int, height: int) -> Any:
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


# POST /api/streams


def test_starting_a_stream_answers_what_was_started(site: Site) -> None:
    url = site.cameras.url()
    answer = site.server.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": url, "width": 320, "height": 180})
    assert answer.status == 200
    assert answer.json == {
        "message": "Stream started successfully",
        "stream_id": "cam",
        "rtsp_url": url,
        "width": 320,
        "height": 180,
    }


@pytest.mark.parametrize("size", [{}, {"width": 0, "height": 0}])
def test_a_size_of_zero_or_none_is_640x480(site: Site, size: dict[str, int]) -> None:
    answer = site.server.add("cam", site.cameras.url(), **size)
    assert (answer["width"], answer["height"]) == (640, 480)


def test_buffers_have_their_defaults(site: Site) -> None:
    site.server.add("cam", site.cameras.url())
    stream = site.server.stream("cam")
    assert (stream["frame_buffer_size"], stream["client_buffer_size"]) == (100, 10)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe"])
def test_bad_json_is_told(site: Site, body: bytes) -> None:
    site.server.ask("POST", "/api/streams", body).problem(400, "invalid_request")


@pytest.mark.parametrize("missing", ["stream_id", "rtsp_url"])
def test_a_missing_field_is_named(site: Site, missing: str) -> None:
    body = {"stream_id": "cam", "rtsp_url": site.cameras.url()}
    del body[missing]
    assert missing in site.server.ask("POST", "/api/streams", body).problem(400, "invalid_request")


def test_the_same_stream_again_is_joined(site: Site) -> None:
    site.server.add("cam", site.cameras.url())
    answer = site.server.add("cam", site.cameras.url())
    assert answer["message"] == "Stream already running"
    assert answer["stream_id"] == "cam"
    assert len(site.server.streams()) == 1


def test_an_id_cannot_be_taken_over_by_another_url(site: Site) -> None:
    site.server.add("cam", site.cameras.url(0))
    answer = site.server.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": site.cameras.url(1)})
    answer.problem(409, "stream_exists")
    assert site.server.stream("cam")["rtsp_url"] == site.cameras.url(0)


def test_a_stream_has_a_display_name_of_any_text(site: Site) -> None:
    site.server.add("cam", site.cameras.url(), name="Hof & Garten 🌷")
    assert site.server.stream("cam")["name"] == "Hof & Garten 🌷"


def test_starting_with_a_url_names_the_stream_after_it(site: Site) -> None:
    url = site.cameras.url()
    expected = ("stream_" + hashlib.md5(url.encode()).hexdigest())[:16]
    for message in ("Stream started successfully", "Stream already running"):
        answer = site.server.ask("POST", "/api/streams/start-with-url", {"rtsp_url": url})
        assert answer.status == 200
        assert (answer.json["stream_id"], answer.json["message"]) == (expected, message)
    answer = site.server.ask("POST", "/api/streams/start-with-url", {})
    assert "rtsp_url" in answer.problem(400, "invalid_request")


# DELETE


def test_stopping_a_stream(site: Site) -> None:
    site.add()
    answer = site.server.ask("DELETE", "/api/streams/cam")
    assert answer.status == 200
    assert answer.json == {"message": "Stream stopped successfully", "stream_id": "cam"}
    site.server.ask("DELETE", "/api/streams/cam").problem(404, "stream_not_found")
    assert site.server.streams() == []
    eventually(lambda: site.cameras.connections().open == 0)


def test_a_stream_with_readers_is_not_stopped(site: Site) -> None:
    site.add()
    reader = websocket(site, "cam")
    reader.recv()
    answer = site.server.ask("DELETE", "/api/streams/cam")
    assert answer.status == 409
    assert answer.json["client_count"] == 1
    assert answer.json["error"]
    reader.recv()
    reader.close()
    eventually(lambda: site.server.ask("DELETE", "/api/streams/cam").status == 200)


def test_a_stream_can_be_stopped_by_force(site: Site) -> None:
    site.add()
    reader = websocket(site, "cam")
    reader.recv()
    answer = site.server.ask("DELETE", "/api/streams/cam/force")
    assert answer.status == 200
    assert answer.json == {"message": "Stream force-stopped successfully", "stream_id": "cam"}
    site.server.ask("DELETE", "/api/streams/cam/force").problem(404, "stream_not_found")
    eventually(lambda: reader.recv_data()[0] == ABNF.OPCODE_CLOSE)


# GET


def test_the_list_of_streams(site: Site) -> None:
    assert site.server.ask("GET", "/api/streams").json == {"streams": []}
    site.add("one", 0)
    site.add("two", 1)
    streams = {stream["stream_id"]: stream for stream in site.server.streams()}
    assert set(streams) == {"one", "two"}
    one = streams["one"]
    assert one["rtsp_url"] == site.cameras.url(0)
    assert one["is_running"] is True
    assert one["client_count"] == 0
    assert isinstance(one["frame_count"], int)
    assert datetime.fromisoformat(one["created_at"]).tzinfo is not None
    assert one["status"]["state"] == "online"
    assert one["status"]["error"] is None
    assert (one["video"]["codec"], one["video"]["width"], one["video"]["height"]) == ("h264", 640, 360)
    assert one == {**site.server.stream("one"), "frame_count": one["frame_count"], "video": one["video"]}


def test_statistics(site: Site) -> None:
    site.add()
    assert site.server.ask("GET", "/api/streams/cam/frame").status == 200
    stats = site.server.ask("GET", "/api/streams/cam/stats").json
    assert stats["frame_count"] > 0
    assert stats["buffer_size"] >= 0
    told = datetime.fromisoformat(stats["last_frame_time"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 2


@pytest.mark.parametrize("path", ["", "/stats", "/frame"])
def test_an_unknown_stream_is_told(site: Site, path: str) -> None:
    site.server.ask("GET", f"/api/streams/nobody{path}").problem(404, "stream_not_found")


def test_an_error_has_the_form_of_rfc_9457(site: Site) -> None:
    told = site.server.ask("GET", "/api/streams/nobody").json
    # Without a type, RFC 9457 reads about:blank, whose title is that of the status.
    assert told.get("type", "about:blank") == "about:blank"
    assert (told["title"], told["status"], told["code"]) == ("Not Found", 404, "stream_not_found")
    assert told["detail"] == told["error"]


def test_health(site: Site) -> None:
    answer = site.server.ask("GET", "/health").json
    assert answer["status"] == "healthy"
    assert isinstance(answer["timestamp"], int)
    assert abs(answer["timestamp"] - time.time()) < 2


def test_the_server_introduces_itself(site: Site) -> None:
    answer = site.server.ask("GET", "/api/info").json
    assert answer["name"] == "fanlight"
    assert answer["version"]
    assert answer["api"] == site.server.url
    assert answer["ffmpeg"]["version"]


# GET .../frame


def test_a_frame_is_bgr24_at_the_streams_size_with_its_capture_time(site: Site) -> None:
    site.add(width=320, height=180)
    answer = site.server.ask("GET", "/api/streams/cam/frame")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len(answer.body) == 320 * 180 * 3
    number = code_blocks.decode(pixels(answer.body, 320, 180))
    assert number is not None
    captured = int(answer.headers["x-frame-timestamp"]) / 1e9
    schedule = site.cameras.schedule
    sent = schedule.t_of(schedule.n_of(number, captured))
    assert -0.01 < captured - sent < 0.2


def test_frames_follow_each_other(site: Site) -> None:
    site.add(width=320, height=180)
    numbers = []
    for _ in range(10):
        answer = site.server.ask("GET", "/api/streams/cam/frame")
        numbers.append((int(answer.headers["x-frame-timestamp"]), answer.body))
    assert len({stamp for stamp, _ in numbers}) == 10
    assert [stamp for stamp, _ in numbers] == sorted(stamp for stamp, _ in numbers)


def test_the_newest_frame_after_one_is_told_with_its_gap(site: Site) -> None:
    site.add(width=320, height=180)
    first = site.server.ask("GET", "/api/streams/cam/frame?width=320&height=180")
    after = int(first.headers["x-frame-sequence"])
    time.sleep(0.5)
    second = site.server.ask("GET", f"/api/streams/cam/frame?width=320&height=180&after={after}")
    sequence, gap = int(second.headers["x-frame-sequence"]), int(second.headers["x-frame-gap"])
    assert gap == sequence - after - 1
    assert 8 <= gap <= 20
    assert (second.headers["x-frame-width"], second.headers["x-frame-height"]) == ("320", "180")


def test_a_number_from_a_former_life_does_not_hang_a_reader(site: Site) -> None:
    site.add()
    answer = site.server.ask("GET", "/api/streams/cam/frame?after=987654321&wait=3000")
    assert answer.status == 200
    assert int(answer.headers["x-frame-gap"]) == 0


def test_a_width_alone_keeps_the_cameras_shape(site: Site) -> None:
    site.add()
    answer = site.server.ask("GET", "/api/streams/cam/frame?width=320")
    assert (answer.headers["x-frame-width"], answer.headers["x-frame-height"]) == ("320", "180")
    assert len(answer.body) == 320 * 180 * 3


@pytest.mark.parametrize(("form", "kind"), [("jpeg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")])
def test_a_frame_as_an_image(site: Site, form: str, kind: str) -> None:
    site.add()
    answer = site.server.ask("GET", f"/api/streams/cam/frame?width=320&height=180&format={form}")
    assert answer.headers["content-type"] == kind
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (180, 320, 3)
    assert code_blocks.decode(picture) is not None


def test_no_frame_is_told_after_five_seconds(site: Site) -> None:
    site.add()
    site.cameras.freeze()
    time.sleep(0.3)  # what was under way arrives
    started = time.monotonic()
    answer = site.server.ask("GET", "/api/streams/cam/frame")
    assert 4.5 < time.monotonic() - started < 6
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["x-stream-state"] in ("stalled", "reconnecting")
    started = time.monotonic()
    assert site.server.ask("GET", "/api/streams/cam/frame?wait=200").status == 204
    assert time.monotonic() - started < 1


def test_the_demo_camera_needs_no_camera(site: Site) -> None:
    site.server.add("demo", "demo:")
    stream = site.server.wait_online("demo")
    assert stream["video"]["width"] > 0
    answer = site.server.ask("GET", "/api/streams/demo/frame")
    assert answer.status == 200
    assert pixels(answer.body, 640, 480).std() > 10


# WS /ws/{id}


def test_a_websocket_sends_one_frame_a_message_and_nothing_else(site: Site) -> None:
    site.add(width=320, height=180)
    reader = websocket(site, "cam")
    for silly in (b"", b"ping", "hello"):
        reader.send(silly, ABNF.OPCODE_TEXT if isinstance(silly, str) else ABNF.OPCODE_BINARY)
    numbers = []
    for _ in range(15):
        kind, data = reader.recv_data()
        assert kind == ABNF.OPCODE_BINARY
        assert len(data) == 320 * 180 * 3
        numbers.append(code_blocks.decode(pixels(data, 320, 180)))
    reader.close()
    assert None not in numbers
    steps = [(b - a) % site.cameras.clip.frames for a, b in pairwise(numbers)]
    assert all(step == 1 for step in steps), numbers


def test_a_websocket_can_tell_about_each_frame(site: Site) -> None:
    site.add()
    reader = websocket(site, "cam", "?format=jpeg&width=320&height=180&header=1")
    message = reader.recv()
    sequence, captured, width, height, kind = struct.unpack("<QQIIB7x", message[:32])
    reader.close()
    assert sequence > 0
    assert abs(captured / 1e9 - time.time()) < 2
    assert (width, height, kind) == (320, 180, 1)
    assert cv2.imdecode(np.frombuffer(message[32:], np.uint8), cv2.IMREAD_COLOR).shape == (180, 320, 3)


def test_a_websocket_of_an_unknown_stream_is_refused_before_the_upgrade(site: Site) -> None:
    with pytest.raises(WebSocketBadStatusException) as refused:
        websocket(site, "nobody")
    assert refused.value.status_code == 404
