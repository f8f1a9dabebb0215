"""A real nginx with the configuration of `deploy/proxy`, moved into a folder and to free ports."""

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.core import free_port

PROXY = Path(__file__).parent.parent.parent / "deploy" / "proxy"
PARTS = ("queue/maps.conf", "queue/processes.conf", "queue/tls.conf", "queue/forward.conf")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
CERTIFICATE = (
    *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"),
    *("-days", "2", "-subj", "/CN=queue", "-addext", "subjectAltName=IP:127.0.0.1"),
)
START_S_MAX = 30
STOP_S_MAX = 30


@dataclass(frozen=True)
class Proxy:
    """Where it listens and what it wrote."""

    folder: Path
    port: int
    port_plain: int

    @property
    def base_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client believes: the throw-away certificate alone."""
        return ssl.create_default_context(cafile=self.folder / "certificate" / "fullchain.pem")

    def client(self, *, address: str = "127.0.0.1") -> httpx.Client:
        """A caller from `address` of this machine."""
        return httpx.Client(
            base_url=self.base_url, transport=httpx.HTTPTransport(verify=self.trust, local_address=address), timeout=30
        )

    @property
    def log(self) -> str:
        return (self.folder / "access.log").read_text()

    @property
    def error_log(self) -> str:
        return (self.folder / "error.log").read_text()


def program() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, "nginx is missing: install the package nginx"
    return found


def arranged(folder: Path, upstreams: tuple[int, ...]) -> Proxy:
    """The configuration as it stands, but for the places that belong to a machine."""
    proxy = Proxy(folder, free_port(), free_port())
    (folder / "certificate").mkdir(parents=True)
    made = ["-keyout", folder / "certificate/privkey.pem", "-out", folder / "certificate/fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *CERTIFICATE, *made], check=True, capture_output=True)
    temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in TEMPORARY)
    first, second = upstreams
    moves = {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "worker_processes auto;": "worker_processes 1;",
        "worker_rlimit_nofile 131072;": "",
        "worker_connections 65536;": "worker_connections 256;",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/": f"{folder}/",
        "http {\n": "http {\n" + temporary,
        "listen 80;": f"listen 127.0.0.1:{proxy.port_plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{proxy.port} ssl http2;",
        "listen [::]:80;": "",
        "listen [::]:443 ssl http2;": "",
        "/etc/nginx/certificate/": f"{folder}/certificate/",
        "127.0.0.1:8101": f"127.0.0.1:{first}",
        "127.0.0.1:8102": f"127.0.0.1:{second}",
    }
    (folder / "queue").mkdir()
    left = set(moves)
    for part in ("nginx.conf", *PARTS):
        text = (PROXY / part).read_text(encoding="utf-8")
        for found, put in moves.items():
            if found in text:
                left.discard(found)
                text = text.replace(found, put)
        (folder / part).write_text(text, encoding="utf-8")
    assert not left, "the configuration is as this test knows it"
    return proxy


def check(proxy: Proxy) -> str:
    """What nginx says of the configuration; raises where it does not take it."""
    command = [program(), "-t", "-c", proxy.folder / "nginx.conf"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    process = subprocess.Popen(
        [program(), "-c", proxy.folder / "nginx.conf", "-g", "daemon off;"], stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_S_MAX
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{proxy.port_plain}/", timeout=5)
                break
            except httpx.TransportError:
                assert process.poll() is None, proxy.error_log
                assert time.monotonic() < deadline, "nginx did not start"
                time.sleep(0.05)
        yield proxy
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)
