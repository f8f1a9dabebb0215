"""The reverse proxy as it is installed: a real nginx in front of two real processes of the core."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from queue_service.settings import Settings
from queue_service.wire.headers import HSTS_S
from tests.core import Core, sibling, staged
from tests.core import running as running_core
from tests.deploy import proxy as proxies
from tests.deploy.proxy import PARTS, PROXY, Proxy
from tests.edge import Edge
from tests.edge import running as running_edge

FAILURES_MAX = 2
SCREEN_S_MAX = 60
ASKED = 8


@dataclass
class Installation:
    """A proxy and the two processes behind it."""

    proxy: Proxy
    cores: tuple[Core, Core]

    @property
    def branch(self) -> str:
        return f"/api/v1/branches/{self.cores[0].branch}"

    def asked(self, core: Core) -> int:
        """How often this process was asked for a board."""
        told = httpx.get(f"{core.base_url}/metrics", timeout=30).text
        line = r'queue_requests_total\{method="GET",route="/api/v1/branches/\{branch\}/board",status="200"\} (\S+)'
        found = re.search(line, told)
        return int(float(found[1])) if found else 0

    def socket(self, path: str) -> ClientConnection:
        return connect(f"wss://127.0.0.1:{self.proxy.port}{path}", ssl=self.proxy.trust, proxy=None)


@pytest.fixture
def installation(database: str, tmp_path: Path) -> Iterator[Installation]:
    first = staged(tmp_path / "core", database)
    second = sibling(first)
    proxy = proxies.arranged(tmp_path / "nginx", (first.settings.port, second.settings.port))
    more = {
        "QUEUE_BASE_URL": proxy.base_url,
        "QUEUE_TRUSTED_PROXIES": "127.0.0.1",
        "QUEUE_SIGN_IN_ADDRESS_FAILURES_MAX": str(FAILURES_MAX),
    }
    cores = replace(first, more=more), replace(second, more=more)
    assert "successful" in proxies.check(proxy)
    with running_core(cores[0]), running_core(cores[1]), proxies.running(proxy):
        yield Installation(proxy, cores)


def test_two_processes_behind_one_proxy(installation: Installation, tmp_path: Path) -> None:
    proxy, branch = installation.proxy, installation.branch
    plain = httpx.get(f"http://127.0.0.1:{proxy.port_plain}/counter?lang=en")
    assert (plain.status_code, plain.headers["location"]) == (308, "https://127.0.0.1/counter?lang=en")
    with proxy.client() as client:
        page = client.get("/counter", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers.get_list("strict-transport-security") == [f"max-age={HSTS_S}"]
        for path in ("/metrics", "/readyz", "/healthz"):
            hidden = client.get(path)
            assert (hidden.status_code, "queue_" in hidden.text) == (404, False)
            assert hidden.headers["strict-transport-security"], "of the proxy's own answers"
        _keeps_a_branch_together(installation, client)
        _tells_who_asks(installation)
        ticket = _issued(installation, client)
        _hides_tokens(installation, client, ticket["token"])
        _serves_a_screen(installation, tmp_path)
        _goes_on(installation, client, branch)
        assert ticket["token"] not in proxy.log + proxy.error_log


def _keeps_a_branch_together(installation: Installation, client: httpx.Client) -> None:
    for _ in range(ASKED):
        assert client.get(f"{installation.branch}/board").status_code == 200
    assert sorted(installation.asked(core) for core in installation.cores) == [0, ASKED]


def _tells_who_asks(installation: Installation) -> None:
    wrong = {"username": "nobody", "password": "not this one"}

    def failures(address: str, claimed: str) -> list[int]:
        with installation.proxy.client(address=address) as client:
            headers = {"X-Forwarded-For": claimed, "Forwarded": f"for={claimed}", "X-Real-IP": claimed}
            return [client.post("/api/v1/session", json=wrong, headers=headers).status_code for _ in range(4)]

    # One process counts the failures of one address; what a caller says of itself gives it no new start.
    assert failures("127.0.0.1", "10.9.9.9") == [401, 401, 429, 429]
    with installation.proxy.client() as client:
        again = client.post("/api/v1/session", json=wrong, headers={"X-Forwarded-For": "10.8.8.8"})
        assert again.status_code == 429
    assert failures("127.0.0.2", "127.0.0.1")[:FAILURES_MAX] == [401] * FAILURES_MAX


def _issued(installation: Installation, client: httpx.Client, key: str = "by-the-door") -> dict[str, Any]:
    core = installation.cores[0]
    services = client.get(installation.branch).json()["services"]
    answer = client.post(
        f"{installation.branch}/tickets",
        json={"service": services[0]["id"]},
        headers={**core.device(), "Idempotency-Key": key},
    )
    assert answer.status_code == 201, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def _hides_tokens(installation: Installation, client: httpx.Client, token: str) -> None:
    assert client.get(f"/t/{token}").status_code == 200
    assert client.get(f"/api/v1/tickets/{token}").status_code == 200
    assert client.get(f"/api/v1/tickets/{token}/qr.svg?token={token}").status_code == 200
    assert client.get(f"/api/v1//tickets/x/%2e%2e/{token}").status_code == 404, "written crookedly"
    with installation.socket(f"/api/v1/tickets/{token}/live") as socket:
        assert json.loads(socket.recv(timeout=30))["type"] == "view"
    lines = [json.loads(line) for line in installation.proxy.log.splitlines()]
    told = {line["path"] for line in lines}
    assert {"/t/{token}", "/api/v1/tickets/{token}", "/api/v1/tickets/{token}/qr.svg"} <= told
    assert any(line["process"] and line["request_id"] for line in lines)


class _Display(Edge):
    package = "display_client"


def _serves_a_screen(installation: Installation, folder: Path) -> None:
    """A lobby screen believes what its machine believes, so a house may have an authority of its own."""
    proxy = installation.proxy
    (token,) = {device["token"] for device in installation.cores[0].access["devices"] if device["kind"] == "display"}
    trust = {"SSL_CERT_FILE": str(proxy.folder / "certificate" / "fullchain.pem")}
    with running_edge(_Display(proxy.base_url, token, folder / "display", more=trust)):
        deadline = time.monotonic() + SCREEN_S_MAX
        while not _sockets(installation):
            assert time.monotonic() < deadline, "the screen has no view"
            time.sleep(0.1)
    lines = [json.loads(line) for line in proxy.log.splitlines()]
    told = {(line["path"], line["status"]) for line in lines}
    assert {("/api/v1/device", 200), (f"{installation.branch}/live", 101)} <= told


def _sockets(installation: Installation) -> int:
    """How many are open at the core."""
    told = [httpx.get(f"{core.base_url}/metrics", timeout=30).text for core in installation.cores]
    return sum(
        int(float(count))
        for text in told
        for count in re.findall(r"^queue_sockets_open(?:\{.*\})? (\S+)", text, re.MULTILINE)
    )


def _goes_on(installation: Installation, client: httpx.Client, branch: str) -> None:
    """The process that has the branch is killed: the other one serves it, whatever is asked."""
    with installation.socket(f"{branch}/live?view=board") as socket:
        assert json.loads(socket.recv(timeout=30))["type"] == "view"
        serving = max(installation.cores, key=installation.asked)
        other = min(installation.cores, key=installation.asked)
        serving.stop(9)
    again = _issued(installation, client, "after-the-kill")
    assert again["label"]
    with installation.socket(f"{branch}/live?view=board") as socket:
        board = json.loads(socket.recv(timeout=30))["data"]
    assert client.get(f"{branch}/board").json()["services"] == board["services"]
    assert installation.asked(other) == 1
    other.stop(9)
    # What nobody can answer is told in the error log, but where the address opens a ticket.
    assert client.get(f"{branch}/board").status_code == 502
    assert client.get(f"/t/{again['token']}").status_code == 502
    assert "connect() failed" in installation.proxy.error_log
    assert again["token"] not in installation.proxy.log + installation.proxy.error_log


def test_the_proxy_agrees_with_the_core() -> None:
    text = "\n".join((PROXY / part).read_text(encoding="utf-8") for part in ("nginx.conf", *PARTS))
    said: dict[str, int] = {}
    units = {"k": 1024, "s": 1}
    for name, amount, unit in re.findall(r"^\s*(\w+) (\d+)([ks]);", text, re.MULTILINE):
        said[name] = max(said.get(name, 0), int(amount) * units[unit])
    core = Settings()
    assert said["client_max_body_size"] == said["client_body_buffer_size"] == core.body_bytes_max
    heads = re.search(r"large_client_header_buffers (\d+) (\d+)k;", text)
    assert heads
    assert int(heads[1]) * int(heads[2]) * 1024 == core.head_bytes_max
    assert said["client_header_timeout"] == core.head_wait_s_max
    assert said["client_body_timeout"] == core.body_wait_s_max
    assert said["proxy_read_timeout"] > core.socket_ping_s + core.socket_pong_s
    (kept_for,) = re.findall(r"^    keepalive_timeout (\d+)s;  # below", text, re.MULTILINE)
    assert int(kept_for) < core.keep_alive_s
