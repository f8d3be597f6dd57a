"""Redis over TLS, with a certificate of an authority that no system knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.cluster import Authority, Instance, Redis, new_key
from rig.waiting import eventually


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def redis(authority: Authority) -> Iterator[Redis]:
    certificate, key = authority.signs("redis")
    with Redis(tls=(certificate, key, authority.certificate)) as redis:
        yield redis


def test_instances_share_a_redis_over_tls(redis: Redis, authority: Authority) -> None:
    key = new_key()
    trust = ["--cluster-ca", str(authority.certificate)]
    in_environment: dict[str, str | None] = {"FANLIGHT_CLUSTER_CA": str(authority.certificate)}
    with Instance("one", redis, key, trust) as one, Instance("two", redis, key, env=in_environment) as two:
        one.add("door", "rtsp://192.0.2.1/live", mode="on_demand")
        eventually(lambda: [stream["stream_id"] for stream in two.streams()] == ["door"], within=2)


def test_an_authority_that_is_not_known_is_refused(redis: Redis, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    for options in ([], ["--cluster-ca", str(stranger.certificate)]):
        instance = Instance("one", redis, new_key(), options)
        instance.launch()
        try:
            assert instance.wait(10) == 1
            assert "certificate" in instance.log(), instance.log()
        finally:
            instance.kill()


def test_a_file_without_a_certificate_is_named(redis: Redis, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    instance = Instance("one", redis, new_key(), ["--cluster-ca", str(empty)])
    instance.launch()
    try:
        assert instance.wait(10) == 1
        assert f"there is no certificate in {empty}" in instance.log(), instance.log()
    finally:
        instance.kill()
