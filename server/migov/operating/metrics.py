"""What a server counts, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from migov.errors import EnvironmentProblem
from migov.operating.requests import Finished

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_Found = tuple[Counter, Histogram, Counter]

Reading = Callable[[], Mapping[str, float]]
"""Returns what is the case now, by name."""


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self, version: str, snapshot: Callable[[], str], reading: Reading) -> None:
        """`snapshot` returns the digest of what is served; `reading` gives the gauges."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "migov_requests",
            "Requests that are over; the status is 0 where the client went away.",
            ("route", "method", "status", "kept"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "migov_request_seconds",
            "Seconds from a request to its reply.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "migov_reply_bytes",
            "Bytes of the bodies of replies.",
            ("route",),
            registry=self._registry,
        )
        self._problems = Counter(
            "migov_problems",
            "Problem documents and error pages, by kind of problem.",
            ("kind",),
            registry=self._registry,
        )
        self._writes = Counter(
            "migov_writes",
            "Writes over HTTP that were judged: committed, unchanged, proposed or refused.",
            ("outcome",),
            registry=self._registry,
        )
        self._found: dict[tuple[str, str, int, bool], _Found] = {}
        self._registry.register(_Now(version, snapshot, reading))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def observe(self, finished: Finished) -> None:
        """Count a request. Only what this server knows itself becomes a label."""
        method = finished.method if finished.method in _METHODS else "other"
        key = finished.route or "none", method, finished.status, finished.is_kept
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._of(*key)
        requests, seconds, size = found
        requests.inc()
        seconds.observe(finished.seconds)
        size.inc(finished.size)

    def _of(self, route: str, method: str, status: int, is_kept: bool) -> _Found:
        """Return the counters of a kind of request; looking them up by label takes longer."""
        labels = (route, method, str(status), "yes" if is_kept else "no")
        return (
            self._requests.labels(*labels),
            self._seconds.labels(route),
            self._bytes.labels(route),
        )

    def problem(self, kind: str) -> None:
        self._problems.labels(kind).inc()

    def write(self, outcome: str) -> None:
        self._writes.labels(outcome).inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)

    @contextmanager
    def served_at(self, setting: str) -> Iterator[None]:
        """Serve them at an address of their own during a `with` block, where the setting has one.

        Raises EnvironmentProblem when the address cannot be had.
        """
        host, colon, port = setting.rpartition(":")
        if not colon:
            yield
            return
        try:
            server, thread = start_http_server(int(port), host.strip("[]"), self._registry)
        except OSError as error:
            raise EnvironmentProblem(
                f"The metrics cannot be served at {setting}: {error.strerror}.",
                hint="Choose another address with --metrics, or --metrics loopback.",
            ) from error
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Now(Collector):
    """What is the case when it is asked for."""

    def __init__(self, version: str, snapshot: Callable[[], str], reading: Reading) -> None:
        self._version = version
        self._snapshot = snapshot
        self._reading = reading

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        built = GaugeMetricFamily("migov_build_info", "The software.", labels=("version",))
        built.add_metric((self._version,), 1)
        yield built
        served = GaugeMetricFamily("migov_snapshot_info", "What is served.", labels=("digest",))
        served.add_metric((self._snapshot(),), 1)
        yield served
        reading = self._reading()
        for name, told in GAUGES.items():
            if name in reading:
                yield GaugeMetricFamily(f"migov_{name}", told, reading[name])
        for name, told in TOTALS.items():
            if name in reading:
                yield CounterMetricFamily(f"migov_{name}", told, reading[name])


GAUGES: Final = {
    "triples": "Asserted triples of the snapshot.",
    "inferred_triples": "Inferred triples of the snapshot.",
    "files_broken": "1 when newer files cannot be published.",
    "clients_counted": "Clients whose budget is remembered.",
    "strangers_workers": "Workers for queries from outside.",
    "strangers_workers_busy": "Workers for queries from outside that are at work.",
    "strangers_queries_waiting": "Queries from outside that wait for a worker.",
    "house_workers": "Workers for pages and canned queries.",
    "house_workers_busy": "Workers for pages and canned queries that are at work.",
    "house_queries_waiting": "Queries of pages and canned ones that wait for a worker.",
}
"""What is told as it is now."""

TOTALS: Final = {
    "workers_started": "Workers that were started, the first ones as well.",
    "workers_ended_deadline": "Workers that were ended because time ran out.",
    "workers_ended_memory": "Workers that ended because memory ran out, or crashed.",
    "workers_ended_nesting": "Workers whose stack overflowed.",
}
"""What only grows."""
