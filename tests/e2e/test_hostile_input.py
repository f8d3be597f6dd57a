"""Wrong and hostile requests: each gets the right status, code and words, and changes nothing."""

import json
from typing import Any

import pytest
from websocket import WebSocketBadStatusException, create_connection

from rig.camera import free_port
from rig.site import Site

GOOD = "rtsp://127.0.0.1:9/stream"
LIMIT = 64 * 1024


def start(site: Site, **fields: Any) -> Any:
    return site.server.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": GOOD, **fields})


@pytest.fixture(autouse=True)
def nothing_changes(site: Site) -> Any:
    """A stream that is there before is there afterwards as it was, alone."""
    site.server.add("bystander", GOOD)

    def known() -> list[tuple[Any, ...]]:
        keys = ("stream_id", "name", "rtsp_url", "width", "height", "created_at", "client_count")
        return [tuple(stream[key] for key in keys) for stream in site.server.streams()]

    before = known()
    yield
    assert known() == before
    assert site.server.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    ("url", "code", "word"),
    [
        ("file:///etc/passwd", "unsupported_scheme", "rtsp"),
        ("javascript:alert(1)", "unsupported_scheme", "rtsp"),
        ("ftp://127.0.0.1/x", "unsupported_scheme", "rtsp"),
        ("concat:/etc/passwd|/etc/shadow", "unsupported_scheme", "rtsp"),
        ("/etc/passwd", "invalid_request", "URL"),
        ("-i /etc/passwd", "invalid_request", "URL"),
        ("rtsp://", "invalid_request", "host"),
        ("rtsp:///stream", "invalid_request", "host"),
        ("rtsp://cam era/stream", "invalid_request", "space"),
        ("rtsp://camera/stream\r\nX: y", "invalid_request", "space"),
        ("rtsp://camera/stream\x00", "invalid_request", "control"),
        ("rtsp://camera/" + "x" * 3000, "invalid_request", "2048"),
        ("http://169.254.169.254/latest/meta-data/", "invalid_request", "link-local"),
        ("", "invalid_request", "rtsp_url"),
    ],
)
def test_urls_that_are_no_cameras(site: Site, url: str, code: str, word: str) -> None:
    for answer in (
        start(site, rtsp_url=url),
        site.server.ask("POST", "/api/streams/start-with-url", {"rtsp_url": url}),
    ):
        said = answer.problem(400, code)
        assert word.lower() in said.lower()


def test_the_server_is_no_camera_of_its_own(site: Site) -> None:
    url = f"http://127.0.0.1:{site.server.port}/api/streams/bystander/mjpeg"
    assert "Fanlight" in start(site, rtsp_url=url).problem(400, "invalid_request")


@pytest.mark.parametrize("stream_id", ["📷", "../x", "a/b", "-a", "a b", "x" * 65, "a\x00", "..", "%2e%2e", "é"])
def test_ids_that_are_no_names(site: Site, stream_id: str) -> None:
    answer = start(site, stream_id=stream_id)
    assert "stream_id" in answer.problem(422, "invalid_stream_id")


@pytest.mark.parametrize("path", ["/api/streams/%F0%9F%93%B7", "/api/streams/..%2Fx", "/api/streams/a%00b/frame"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_ids_in_paths(site: Site, method: str, path: str) -> None:
    assert site.server.ask(method, path).status in (404, 405, 422)


@pytest.mark.parametrize(
    "fields",
    [
        {"width": -1},
        {"height": -480},
        {"width": 15},
        {"width": 8193},
        {"width": 8192, "height": 8192},
        {"width": 1e300},
        {"width": 2**64},
        {"width": 640.5},
        {"width": "640"},
        {"frame_buffer_size": -1},
        {"frame_buffer_size": 1001},
        {"client_buffer_size": 1001},
        {"name": "x" * 101},
        {"name": 7},
        {"rtsp_url": 7},
        {"stream_id": ["cam"]},
        {"stream_id": None},
    ],
    ids=str,
)
def test_values_out_of_bounds(site: Site, fields: dict[str, Any]) -> None:
    answer = start(site, **fields)
    assert next(iter(fields)) in answer.problem(400, "invalid_request")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-", "0x280", "1e999"])
def test_numbers_that_are_none(site: Site, number: str) -> None:
    body = f'{{"stream_id": "cam", "rtsp_url": "{GOOD}", "width": {number}}}'.encode()
    site.server.ask("POST", "/api/streams", body).problem(400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    [
        "width=-1",
        "width=15&height=480",
        "width=9000&height=480",
        "width=NaN",
        "height=1e9",
        "after=-1",
        "after=x",
        "format=exe",
        "wait=-1",
    ],
)
def test_queries_out_of_bounds(site: Site, query: str) -> None:
    site.server.ask("GET", f"/api/streams/bystander/frame?{query}").problem(400, "invalid_request")


def test_a_body_that_is_not_json_by_type(site: Site) -> None:
    body = json.dumps({"stream_id": "cam", "rtsp_url": GOOD}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = site.server.ask("POST", "/api/streams", body, {"Content-Type": kind})
        assert "application/json" in answer.problem(415, "unsupported_media_type")


def test_a_body_that_is_too_large(site: Site) -> None:
    body = json.dumps({"stream_id": "cam", "rtsp_url": GOOD, "name": "x"}).encode()
    fits = body + b" " * (LIMIT - len(body))
    assert site.server.ask("POST", "/api/streams", fits).status == 200
    site.server.ask("DELETE", "/api/streams/cam/force")
    site.server.ask("POST", "/api/streams", fits + b" ").problem(413, "body_too_large")
    answer = site.server.ask("POST", "/api/streams", b"{", {"Content-Length": str(10**12)})
    answer.problem(413, "body_too_large")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1", "", "localhost@evil"],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/streams"), ("GET", "/health"), ("GET", "/"), ("POST", "/api/streams")]
)
def test_a_foreign_host_is_refused(site: Site, host: str, method: str, path: str) -> None:
    body = {"stream_id": "cam", "rtsp_url": GOOD} if method == "POST" else None
    answer = site.server.ask(method, path, body, {"Host": host.format(port=site.server.port)})
    answer.problem(403, "host_not_allowed")
    assert "bystander" not in answer.text


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_our_own_names_are_served(site: Site, host: str) -> None:
    answer = site.server.ask("GET", "/api/streams", headers={"Host": host.format(port=site.server.port)})
    assert answer.status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://", "http://127.0.0.1.nip.io:80"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/streams"), ("POST", "/api/streams"), ("OPTIONS", "/api/streams")]
)
def test_a_foreign_origin_is_refused(site: Site, origin: str, method: str, path: str) -> None:
    body = {"stream_id": "cam", "rtsp_url": GOOD} if method == "POST" else None
    answer = site.server.ask(method, path, body, {"Origin": origin})
    answer.problem(403, "origin_not_allowed")
    assert "access-control-allow-origin" not in answer.headers
    assert "bystander" not in answer.text


def test_pages_on_this_machine_are_served(site: Site) -> None:
    for origin in ("http://localhost:3000", "http://127.0.0.1:5173", f"http://127.0.0.1:{site.server.port}"):
        answer = site.server.ask("GET", "/api/streams", headers={"Origin": origin})
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize("told", [{"origin": "https://evil.example"}, {"host": "evil.example"}])
def test_a_websocket_from_elsewhere_is_refused_before_the_upgrade(site: Site, told: dict[str, str]) -> None:
    with pytest.raises(WebSocketBadStatusException) as refused:
        create_connection(f"ws://127.0.0.1:{site.server.port}/ws/bystander", timeout=5, **told)
    assert refused.value.status_code == 403


def test_paths_and_methods_that_are_not_there(site: Site) -> None:
    assert site.server.ask("GET", "/api/nothing").status == 404
    assert site.server.ask("PUT", "/api/streams", {}).status == 405
    assert site.server.ask("GET", "/../../etc/passwd").status in (400, 404)
    assert "root:" not in site.server.ask("GET", "/%2e%2e/%2e%2e/etc/passwd").text


def test_a_camera_that_is_not_there_is_not_an_error_of_the_request(site: Site) -> None:
    answer = start(site, rtsp_url=f"rtsp://127.0.0.1:{free_port()}/stream")
    assert answer.status == 200
    site.server.ask("DELETE", "/api/streams/cam/force")
