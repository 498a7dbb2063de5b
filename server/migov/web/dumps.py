"""`/dumps`: the whole graph as files, with checksums and a description."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import threading
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, jsonify, request, send_from_directory, url_for

from migov import __version__
from migov.dumps import dump_files
from migov.dumps.apart import write_apart
from migov.dumps.description import DESCRIPTION, Written, describe_dataset, description
from migov.dumps.files import CHECKSUMS
from migov.errors import BusyError, EnvironmentProblem
from migov.protocol.description import described
from migov.protocol.errors import UnknownPathError
from migov.protocol.formats import FORMATS, GRAPHS, JSON, PAGE
from migov.snapshot import Snapshot
from migov.web.request import format_among, languages
from migov.web.responses import body, page, passing
from migov.web.site import site, state

blueprint = Blueprint("dumps", __name__)

log = logging.getLogger(__name__)
_MEDIA_TYPES: Final = {".gz": "application/gzip", ".zip": "application/zip"}
_PAGE_WAITS: Final = 2.0
"""Seconds that the page waits for files that are being written; it can do without them."""


class _Writing(threading.Thread):
    """Waits for the dumps of a snapshot to be written; `error` says why it could not."""

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        super().__init__(name="dumps", daemon=True)
        self._snapshot, self._folder = snapshot, folder
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            _write(self._snapshot, self._folder)
        except Exception as error:  # whoever waits is told
            self.error = error
            log.warning("the dumps were not written: %s", error)


_lock = threading.Lock()
_writings: dict[Path, _Writing] = {}


@blueprint.get("/dumps")
def index() -> Response:
    """List the files with sizes and checksums."""
    format = format_among((PAGE, JSON))
    if format is PAGE and _folder(state().snapshot, _PAGE_WAITS) is None:
        return passing(page("dumps.html", coming=dump_files(), language=languages()[0]))
    folder = _written_folder()
    described = _described(folder, request.url_root)
    sums = _sums(folder, described)
    files = [
        {
            "name": file.name,
            "url": url_for("dumps.file", name=file.name, _external=True),
            "holds": file.holds,
            "size": len(described)
            if file.name == DESCRIPTION
            else (folder / file.name).stat().st_size,
            "sha256": sums[file.name],
        }
        for file in dump_files()
    ]
    if format is PAGE:
        return page("dumps.html", files=files, language=languages()[0])
    return jsonify({"snapshot": state().snapshot.digest, "files": files})


@blueprint.get("/dumps/<name>")
def file(name: str) -> Response:
    """Give one file."""
    known = {entry.name for entry in dump_files()} | {CHECKSUMS}
    if name not in known:
        raise UnknownPathError(
            f"There is no dump “{name}”.", hint=f"There are {', '.join(sorted(known))}."
        )
    folder = _written_folder()
    if name in (DESCRIPTION, CHECKSUMS):
        described = _described(folder, request.url_root)
        if name == DESCRIPTION:
            return _given(described, FORMATS["ttl"].content_type)
        lines = "".join(f"{sum}  {of}\n" for of, sum in _sums(folder, described).items())
        return _given(lines.encode("ascii"), "text/plain; charset=utf-8")
    return send_from_directory(
        folder,
        name,
        mimetype=_MEDIA_TYPES.get(Path(name).suffix, "text/plain"),
        max_age=0,
        etag=_checksums(folder)[name],
    )


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Give the description of the dataset where it is looked for (VoID, section 7.2).

    A browser is led to the page of the dumps.
    """
    format = format_among((*GRAPHS, PAGE))
    if format is PAGE:
        location = url_for("dumps.index")
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    folder = _written_folder()
    triples = description(
        _with_files(state().snapshot), _written_files(folder), site=request.url_root
    )
    return body(described(triples, format), format)


@lru_cache(maxsize=4)
def _described(folder: Path, site: str) -> bytes:
    """Return the description with the endpoint and the dumps at the address of this server."""
    return describe_dataset(_with_files(state().snapshot), _written_files(folder), site=site)


def _written_files(folder: Path) -> list[Written]:
    sums = _checksums(folder)
    return [
        Written(file.name, file.media_type, (folder / file.name).stat().st_size, sums[file.name])
        for file in dump_files()
        if file.name != DESCRIPTION
    ]


def _sums(folder: Path, description: bytes) -> dict[str, str]:
    """Return the checksums of what is served: the description is this server's own."""
    return {**_checksums(folder), DESCRIPTION: hashlib.sha256(description).hexdigest()}


def _given(content: bytes, content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


def _folder(snapshot: Snapshot, seconds: float | None = None) -> Path | None:
    """Return the folder with the dumps of a snapshot, None where they take longer to write.

    They are waited for so many seconds, or the time of a query. Raises what the writing raised.
    """
    settings = site().settings
    folder = settings.cache / "dumps" / f"{__version__}-{snapshot.digest}"
    if (folder / CHECKSUMS).is_file():
        return folder
    with _lock:
        writing = _writings.get(folder)
        if writing is None:
            writing = _writings[folder] = _Writing(_with_files(snapshot), folder)
            writing.start()
    writing.join(settings.deadline if seconds is None else min(seconds, settings.deadline))
    if writing.is_alive():
        return None
    with _lock:
        if _writings.get(folder) is writing:
            del _writings[folder]  # one that failed is tried again
    if writing.error is not None:
        raise writing.error
    return folder


def _written_folder() -> Path:
    """Return the folder with the dumps; raises BusyError where they are still being written."""
    folder = _folder(state().snapshot)
    if folder is None:
        raise BusyError("The dumps are still being written.", hint="Try again in a few minutes.")
    return folder


def _write(snapshot: Snapshot, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    except OSError as error:
        raise EnvironmentProblem(f"The dumps cannot be written: {error.strerror}.") from error
    try:
        write_apart(snapshot, work)
        if not folder.exists():  # another process may have been first, with the same bytes
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _with_files(snapshot: Snapshot) -> Snapshot:
    return site().published.with_files(snapshot)


def _checksums(folder: Path) -> dict[str, str]:
    lines = (folder / CHECKSUMS).read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
