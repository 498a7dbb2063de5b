"""Canned queries: competency questions with typed parameters, one `.rq` file each.

A file is a plain SPARQL query under a `#+` header. A parameter enters the text as one serialised
RDF term in the place of `UNDEF` in `VALUES ?name { UNDEF }`, never as text, so no value can change
what the query does. A parameter that is not given stays `UNDEF` and means "any".
"""

from __future__ import annotations

from migov.catalogue.load import Catalogue, load_catalogue, read_catalogue
from migov.catalogue.parameters import InvalidValuesError, Parameter, Problem, TermLookup
from migov.catalogue.query import CannedQuery

__all__ = [
    "CannedQuery",
    "Catalogue",
    "InvalidValuesError",
    "Parameter",
    "Problem",
    "TermLookup",
    "load_catalogue",
    "read_catalogue",
]
