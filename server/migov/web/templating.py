"""What every template may use, whichever application renders it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Flask, url_for

from migov import __version__
from migov.vocabulary import BASE, compact
from migov.web.links import (
    as_format,
    citation,
    heading,
    headings,
    here,
    href,
    in_language,
    locator_title,
    why_address,
    with_parameter,
    without_parameter,
)
from migov.web.request import LANGUAGES, languages
from migov.web.responses import static_version
from migov.web.translation import LANGUAGE_NAMES, counted, in_template, language_of, number, spoken

_YEAR: Final = 31_536_000
"""Seconds that a static file may be kept: its address changes with its content."""


def prepare_templates(app: Flask) -> None:
    """Let an application render the templates and give the static files."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR
    static = Path(app.static_folder or "")
    versions = {file.name: static_version(file.read_bytes()) for file in static.iterdir()}

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    app.jinja_env.globals.update(
        _=in_template,
        as_format=as_format,
        asset=asset,
        base=BASE,
        citation=citation,
        compact=compact,
        counted=counted,
        heading=heading,
        headings=headings,
        here=here,
        href=href,
        in_language=in_language,
        language_names=LANGUAGE_NAMES,
        language_of=language_of,
        languages=languages,
        locator_title=locator_title,
        number=number,
        known_languages=LANGUAGES,
        software_version=__version__,
        spoken=spoken,
        why_address=why_address,
        with_parameter=with_parameter,
        without_parameter=without_parameter,
        zip=zip,
    )
