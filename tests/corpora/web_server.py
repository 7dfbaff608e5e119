"""A web server on this machine, for tests of downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class Quiet(SimpleHTTPRequestHandler):
    """Serve files without a line per request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


class Breaking(Quiet):
    """Announce a whole file, then close the connection after half of it."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send the first half."""
        content = source.read()
        outputfile.write(content[: len(content) // 2])


@contextmanager
def served(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """The address, ending in a slash, at which `folder` is served within the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
