"""The words of the protocol as tables; nothing here opens a socket."""

from __future__ import annotations

import json

import pytest

from fanlight import _protocol as protocol
from fanlight import errors

FRAME = {
    "content-length": "36",
    "x-frame-sequence": "41",
    "x-frame-timestamp": "1700000000500000000",
    "x-frame-width": "4",
    "x-frame-height": "3",
    "x-frame-gap": "2",
}


@pytest.mark.parametrize(
    ("url", "host", "port", "prefix"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080, ""),
        ("http://localhost:8080/", "localhost", 8080, ""),
        ("http://box", "box", 80, ""),
        ("box:9000", "box", 9000, ""),
        ("ws://localhost:8080", "localhost", 8080, ""),
        ("http://[::1]:8080", "::1", 8080, ""),
        ("http://box/cameras/", "box", 80, "/cameras"),
        ("http://box/the cameras", "box", 80, "/the%20cameras"),
        ("https://box", "box", 443, ""),
        ("wss://box:8443/cameras", "box", 8443, "/cameras"),
    ],
)
def test_a_server_url_is_taken_apart(url: str, host: str, port: int, prefix: str) -> None:
    tls = url.startswith(("https", "wss"))
    assert protocol.Address.parse(url) == protocol.Address(host, port, prefix, tls)
    assert protocol.Address.parse(protocol.Address.parse(url).url) == protocol.Address.parse(url)


@pytest.mark.parametrize("url", ["", "ftp://box", "rtsp://box/stream", "http://", "http://box:many"])
def test_what_is_no_server_url_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        protocol.Address.parse(url)


@pytest.mark.parametrize(
    ("argv0", "script"),
    [
        ("/home/me/canny.py", "canny.py"),
        (r"C:\work\canny.py", "canny.py"),
        ("", "python"),
        ("-c", "python"),
        ("naïve (1);\r\nX-Evil: yes.py", "na_ve__1____X-Evil__yes.py"),
        ("x" * 300, "x" * 64),
    ],
)
def test_a_script_names_itself(argv0: str, script: str) -> None:
    assert protocol.user_agent(argv0, 7) == f"fanlight-python/{protocol.__version__} ({script}; pid 7)"


@pytest.mark.parametrize(
    ("request_", "method", "path", "body"),
    [
        (
            protocol.start("cam", "rtsp://h/s", width=640, height=480, name=None),
            "POST",
            "/api/streams",
            {"stream_id": "cam", "rtsp_url": "rtsp://h/s", "width": 640, "height": 480},
        ),
        (protocol.start(None, "demo:"), "POST", "/api/streams/start-with-url", {"rtsp_url": "demo:"}),
        (protocol.stop("cam"), "DELETE", "/api/streams/cam", None),
        (protocol.stats("cam"), "GET", "/api/streams/cam/stats", None),
        (protocol.stream("../x?y#z"), "GET", "/api/streams/..%2Fx%3Fy%23z", None),
        (protocol.stream("camera\r\nX: y"), "GET", "/api/streams/camera%0D%0AX%3A%20y", None),
        (protocol.frame("cam", wait_ms=900), "GET", "/api/streams/cam/frame?wait=900", None),
        (
            protocol.frame("cam", after=7, width=320, height=240, wait_ms=10),
            "GET",
            "/api/streams/cam/frame?after=7&width=320&height=240&wait=10",
            None,
        ),
        (protocol.frame("cam", wait_ms=-5), "GET", "/api/streams/cam/frame?wait=0", None),
        (protocol.frame("cam", wait_ms=99_000), "GET", "/api/streams/cam/frame?wait=30000", None),
    ],
)
def test_requests(request_: protocol.Request, method: str, path: str, body: object) -> None:
    assert (request_.method, request_.path) == (method, path)
    assert (json.loads(request_.body) if request_.body else None) == body


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Evil: yes", "naïve"])
def test_a_token_that_is_none_is_refused_untold(token: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        protocol.stream("cam").head("agent", token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rtsp://viewer:secret@h/s", "rtsp://viewer:***@h/s"),
        ("rtsp://viewer:se@cret@h/s", "rtsp://viewer:***@h/s"),
        ("rtsp://h:554/s", "rtsp://h:554/s"),
        ("rtsp://h:554/s@t", "rtsp://h:554/s@t"),
        ("demo:", "demo:"),
    ],
)
def test_a_password_is_masked(url: str, masked: str) -> None:
    assert protocol.masked(url) == masked


def test_a_frames_headers_are_read() -> None:
    header = protocol.frame_header(FRAME)
    assert header == protocol.FrameHeader(41, 1_700_000_000_500_000_000, 4, 3, 2)
    assert header.captured_at == 1_700_000_000.5
    assert header.size == 36


@pytest.mark.parametrize(
    "change",
    [
        {"content-length": "35"},
        {"content-length": ""},
        {"x-frame-width": "0"},
        {"x-frame-height": "-3"},
        {"x-frame-height": "²"},
        {"x-frame-sequence": "many"},
        {"x-frame-timestamp": "1.5"},
    ],
)
def test_a_frame_that_contradicts_itself_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(errors.ProtocolError):
        protocol.frame_header({**FRAME, **change})


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", errors.InvalidRequest),
        (422, "unsupported_scheme", errors.InvalidRequest),
        (413, None, errors.InvalidRequest),
        (403, None, errors.Forbidden),
        (404, "stream_not_found", errors.StreamNotFound),
        (409, "stream_exists", errors.StreamExists),
        (409, "stream_in_use", errors.StreamInUse),
        (409, None, errors.StreamInUse),
        (429, "quota_exceeded", errors.QuotaExceeded),
        (500, None, errors.ServerFailed),
        (503, None, errors.StreamNotRunning),
        (503, "stream_not_running", errors.StreamNotRunning),
        (503, "auth_failed", errors.AuthFailed),
        (503, "camera_not_found", errors.CameraNotFound),
        (503, "camera_unreachable", errors.CameraUnreachable),
        (503, "unsupported_codec", errors.CameraFailed),
    ],
)
def test_problems_become_errors(status: int, code: str | None, kind: type[errors.FanlightError]) -> None:
    told = {"error": "The camera refuses the password. Check it.", **({"code": code} if code else {})}
    error = protocol.problem(status, json.dumps(told).encode())
    assert type(error) is kind
    assert error.code == (code or kind.code)
    assert error.status == status
    assert str(error) == "The camera refuses the password. Check it."


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 7, "code": []}'])
def test_a_problem_in_other_words_still_says_something(body: bytes) -> None:
    error = protocol.problem(502, body)
    assert type(error) is errors.ServerFailed
    assert "502" in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_an_answer_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(errors.ProtocolError):
        protocol.json_object(body)


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        ({"status": {"error": {"code": "auth_failed", "message": "Check it."}}}, errors.AuthFailed),
        ({"status": {"error": {"code": "not_rtsp", "message": "Check it."}}}, errors.CameraFailed),
        ({"status": {"error": None}}, None),
        ({"status": None}, None),
        ({}, None),
    ],
)
def test_a_streams_own_account_of_its_camera(
    stream: dict[str, object], kind: type[errors.FanlightError] | None
) -> None:
    fault = protocol.camera_fault(stream)
    assert (type(fault) if fault else None) is kind
    assert fault is None or str(fault) == "Check it."
