"""The application: its pages, its errors, its headers."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from migov import __version__
from migov.engine import Published
from migov.engine.reading import Readings
from migov.settings import Settings
from migov.verdict.asked import Verdicts
from migov.vocabulary import BASE, compact
from migov.web import (
    changes,
    dumps,
    entities,
    errors,
    graph_store,
    graphs,
    home,
    queries,
    reconcile,
    resolve,
    responses,
    shapes,
    sparql,
    writing,
)
from migov.web.links import (
    as_format,
    citation,
    heading,
    here,
    href,
    in_language,
    locator_title,
    with_parameter,
    without_parameter,
)
from migov.web.request import LANGUAGES, languages
from migov.web.served import READINGS, SERVED, WRITER, CurrentSnapshot
from migov.web.site import Site, site, state
from migov.web.translation import LANGUAGE_NAMES, counted, in_template, language_of, number

_YEAR = 31_536_000
"""Seconds that a static file may be kept: its address changes with its content."""
_WIDEST = 12
"""Bytes that one character of a form can take: four of UTF-8, each percent-encoded."""


def create_app(published: Published, settings: Settings) -> Flask:
    """Return the endpoint over what is published; raises ContentError for a broken query file."""
    app = Flask(__name__)
    app.extensions["migov"] = Site(published, settings)
    verdicts = Verdicts(published.repository, settings)
    app.extensions[writing.VERDICTS] = verdicts
    app.extensions[SERVED] = CurrentSnapshot()
    app.extensions[READINGS] = Readings(settings.deadline, settings.memory)
    app.extensions[WRITER] = writing.gated(app.extensions["migov"], verdicts)
    app.config["MAX_CONTENT_LENGTH"] = settings.text * _WIDEST + 10_000
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.strict_slashes = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR
    css = Path(app.static_folder or "", "migov.css")
    app.jinja_env.globals.update(
        _=in_template,
        as_format=as_format,
        base=BASE,
        citation=citation,
        compact=compact,
        counted=counted,
        css_version=responses.static_version(css.read_bytes()),
        heading=heading,
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
        with_parameter=with_parameter,
        without_parameter=without_parameter,
    )
    app.context_processor(lambda: {"site_problem": site().problem, "snapshot": state().snapshot})
    for module in (home, sparql, queries, entities, graphs, graph_store, shapes, dumps, changes):
        app.register_blueprint(module.blueprint)
    for blueprint in (reconcile.draft, reconcile.blueprint, resolve.blueprint):
        app.register_blueprint(blueprint)
    errors.register(app)
    responses.register(app)
    return app
