"""A network between kiosk and core that loses what a test wants lost; in threads, for tests wait in the loop."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

READ_BYTES = 65_536


class Proxy:
    """Passes bytes on. Of requests that hold `word`, the next `answers_lost` reach the core and get no answer back."""

    def __init__(self, core_url: str, word: bytes) -> None:
        parts = urlsplit(core_url)
        assert parts.hostname is not None and parts.port is not None
        self._core = (parts.hostname, parts.port)
        self._word = word
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.answers_lost = 0
        self.is_held = False
        """Such requests do not reach the core, nor end."""
        self.seen = 0
        """So many such requests came."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        """Cuts everything."""
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    core = socket.create_connection(self._core)
                except OSError:
                    client.close()
                    continue
                self._open |= {client, core}
                is_lost = threading.Event()
                threading.Thread(target=self._ask, args=(client, core, is_lost), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, core, is_lost), daemon=True).start()

    def _ask(self, client: socket.socket, core: socket.socket, is_lost: threading.Event) -> None:
        is_held = False
        with contextlib.suppress(OSError):
            while data := client.recv(READ_BYTES):
                if self._word in data:
                    self.seen += 1
                    is_held = self.is_held
                    if self.answers_lost > 0:
                        self.answers_lost -= 1
                        is_lost.set()
                if not is_held:  # the rest of a request that is held is part of it
                    core.sendall(data)
        self._end(client, core)

    def _answer(self, client: socket.socket, core: socket.socket, is_lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := core.recv(READ_BYTES):
                if is_lost.is_set():
                    break  # the core has done it, and nobody hears of it
                client.sendall(data)
        self._end(client, core)

    def _end(self, client: socket.socket, core: socket.socket) -> None:
        for each in (client, core):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)


@contextlib.contextmanager
def between(core_url: str, word: bytes) -> Iterator[Proxy]:
    """A proxy before the core."""
    proxy = Proxy(core_url, word)
    try:
        yield proxy
    finally:
        proxy.stop()
