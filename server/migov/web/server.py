"""The server: one socket, Flask under uvicorn, and a watch on the files."""

from __future__ import annotations

import errno
import logging
import math
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from migov.engine import Published
from migov.errors import EnvironmentProblem
from migov.operating.observed import App, Observed
from migov.operating.stopping import StoppingServer
from migov.settings import Settings
from migov.web.app import create_app
from migov.web.operation import EXTENSION
from migov.web.watch import Watcher
from migov.web.writing import VERDICTS

log = logging.getLogger(__name__)

_THREADS = 16
_LONGEST_HEAD = 262_144
"""Bytes of a request's first lines: a long query may come in the address."""


def serve(
    published: Published, settings: Settings, announce: Callable[[str], object] = print
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` gets the address once the socket is bound.

    Raises EnvironmentProblem when the address cannot be had.
    """
    app = create_app(published, settings)
    site = app.extensions["migov"]
    operation = app.extensions[EXTENSION]
    listener = bind(settings.host, settings.port)
    watcher = Watcher(published.repository, settings.watch, site.refresh)
    inner = WSGIMiddleware(cast(WSGIApp, app), workers=_THREADS)
    around = Observed(cast(App, inner), operation, lambda: site.state.snapshot.digest)
    server = StoppingServer(
        uvicorn.Config(
            cast(Any, around),
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the setting proxies says whom to believe
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_graceful_shutdown=math.ceil(settings.farewell),
        )
    )
    try:
        with operation.metrics.served_at(settings.metrics):
            announce(address(listener))
            watcher.start()
            app.extensions[VERDICTS].prepare()
            server.run(sockets=[listener])
    finally:
        watcher.stop()
        app.extensions[VERDICTS].close()
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one. Raises EnvironmentProblem."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise EnvironmentProblem(
            f"{host} is not an address of this machine: {error.strerror}.",
            hint="Name another one with --host.",
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from error
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL that a listening socket answers on."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _refused(host: str, port: int, error: OSError) -> EnvironmentProblem:
    if error.errno == errno.EADDRINUSE:
        return EnvironmentProblem(
            f"Port {port} of {host} is taken by another program.",
            hint="Choose another with --port, or --port 0 for any free one.",
        )
    if error.errno == errno.EACCES:
        return EnvironmentProblem(
            f"Port {port} needs rights that this user does not have.",
            hint="Choose one above 1023 with --port.",
        )
    return EnvironmentProblem(
        f"{host}:{port} cannot be listened on: {error.strerror}.",
        hint="Name an address of this machine with --host.",
    )
