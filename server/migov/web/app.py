"""The application: its pages, its errors, its headers."""

from __future__ import annotations

from flask import Flask

from migov.change.times import Times
from migov.engine import Published
from migov.engine.reading import Readings
from migov.settings import Settings
from migov.verdict.asked import Verdicts
from migov.web import (
    alike,
    api,
    changes,
    contribute,
    dumps,
    editor,
    entities,
    errors,
    feeds,
    graph_store,
    graphs,
    home,
    later,
    lists,
    meta,
    operation,
    quality,
    queries,
    reconcile,
    resolve,
    responses,
    review,
    search,
    shapes,
    sparql,
    suggest,
    why,
    writing,
)
from migov.web.served import READINGS, SERVED, WRITER, CurrentSnapshot
from migov.web.site import Site, site, state
from migov.web.templating import prepare_templates

_WIDEST = 12
"""Bytes that one character of a form can take: four of UTF-8, each percent-encoded."""


def create_app(published: Published, settings: Settings) -> Flask:
    """Return the endpoint over what is published; raises ContentError for a broken query file."""
    app = Flask(__name__)
    app.extensions["migov"] = Site(published, settings)
    app.extensions[later.LATER] = later.Later(app.extensions["migov"])
    verdicts = Verdicts(published.repository, settings)
    app.extensions[writing.VERDICTS] = verdicts
    app.extensions["migov"].afterwards.append(verdicts.renew)
    app.extensions[feeds.TIMES] = Times(published.repository)
    app.extensions[SERVED] = CurrentSnapshot()
    app.extensions[READINGS] = Readings(settings.deadline, settings.memory)
    app.extensions[WRITER] = writing.gated(app.extensions["migov"], verdicts)
    app.config["MAX_CONTENT_LENGTH"] = settings.text * _WIDEST + 10_000
    app.config["MAX_FORM_MEMORY_SIZE"] = app.config["MAX_CONTENT_LENGTH"]
    app.url_map.strict_slashes = False
    prepare_templates(app)
    app.context_processor(lambda: {"site_problem": site().problem, "snapshot": state().snapshot})
    for module in (home, sparql, queries, entities, graphs, graph_store, shapes, dumps, changes):
        app.register_blueprint(module.blueprint)
    for blueprint in (
        alike.blueprint,
        api.blueprint,
        contribute.blueprint,
        editor.blueprint,
        graph_store.files,
        lists.blueprint,
        quality.blueprint,
        meta.blueprint,
        reconcile.draft,
        reconcile.blueprint,
        resolve.blueprint,
        review.blueprint,
        search.blueprint,
        suggest.blueprint,
        why.blueprint,
    ):
        app.register_blueprint(blueprint)
    app.extensions[operation.EXTENSION] = operation.operation_of(app.extensions["migov"], settings)
    app.register_blueprint(operation.blueprint)
    operation.register(app)
    errors.register(app)
    responses.register(app)
    return app
