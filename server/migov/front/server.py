"""The server: one socket, one event loop, Flask in threads, and a watch on the files."""

from __future__ import annotations

import asyncio
import errno
import math
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import uvicorn
import uvloop

from migov.engine import Published
from migov.engine.pool import Pool
from migov.engine.published import Opener
from migov.errors import EnvironmentProblem
from migov.front.connection import Connection, bound_to
from migov.front.front import Front
from migov.front.lanes import Lanes
from migov.front.room import free_memory
from migov.operating.observed import App, Observed
from migov.operating.stopping import StoppingServer
from migov.settings import Settings
from migov.web.app import create_app
from migov.web.operation import EXTENSION
from migov.web.watch import Watcher
from migov.web.writing import VERDICTS


def new_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that a server is going to run in."""
    return uvloop.new_event_loop()


def opener(loop: asyncio.AbstractEventLoop) -> Opener:
    """Return what opens the engine of each edition that a server in this loop publishes."""
    return partial(Pool, loop)


def serve(
    published: Published,
    settings: Settings,
    loop: asyncio.AbstractEventLoop,
    announce: Callable[[str], object] = print,
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` gets the address once the socket is bound.

    Raises EnvironmentProblem when the address cannot be had.
    """
    app = create_app(published, settings)
    site = app.extensions["migov"]
    server = server_of(app, settings, is_early=settings.engine is None)
    listener = bind(settings.host, settings.port)
    watcher = Watcher(published.repository, settings.watch, site.refresh, published.outside)
    try:
        with app.extensions[EXTENSION].metrics.served_at(settings.metrics):
            announce(address(listener))
            watcher.start()
            app.extensions[VERDICTS].prepare()
            loop.run_until_complete(server.serve(sockets=[listener]))
    finally:
        watcher.stop()
        app.extensions[VERDICTS].close()
        listener.close()


def server_of(app: Any, settings: Settings, *, is_early: bool = True) -> Server:
    """Return the server of the application over a site; unless `is_early`, Flask answers all."""
    site, operation = app.extensions["migov"], app.extensions[EXTENSION]
    longest = app.config["MAX_CONTENT_LENGTH"]
    front = Front(site, operation, longest_body=longest, is_early=is_early)
    observed = Observed(Lanes(app), operation, lambda: site.state.snapshot.digest)
    return Server(observed, front, settings.farewell)


def serve_alone(app: Any, listener: socket.socket, settings: Settings) -> None:
    """Serve an application that has no site, until SIGTERM or SIGINT."""
    front = Front(None, None, longest_body=app.config["MAX_CONTENT_LENGTH"])
    loop = new_loop()
    try:
        server = Server(Lanes(app), front, settings.farewell)
        loop.run_until_complete(server.serve(sockets=[listener]))
    finally:
        loop.close()


class Server(StoppingServer):
    """uvicorn with connections of our own, which it looks after."""

    def __init__(self, app: App, front: Front, farewell: float) -> None:
        """`farewell` is the time in seconds that requests have when the server is stopped."""
        super().__init__(
            uvicorn.Config(
                cast(Any, app),
                http=bound_to(front),
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the setting proxies says whom to believe
                timeout_graceful_shutdown=math.ceil(farewell),
            )
        )
        self.front = front

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once a second."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            connections = self._connections()
            for connection in connections:
                connection.look(now)
            free_memory(connections, now, self.front.most_held, self.front.most_unread)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests end; those that do not in time are told so."""
        await super().shutdown(sockets)
        for connection in self._connections():
            connection.cut_off()

    def _connections(self) -> list[Connection]:
        connections = tuple(self.server_state.connections)
        return [each for each in connections if isinstance(each, Connection)]


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
