"""A canned question with a parameter of every kind, for the tests of the catalogue.

A module takes the fixture by giving it a name of its own: `query = catalogue_support.query`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from migov.catalogue import CannedQuery, load_catalogue
from migov.vocabulary import BASE

PLACE = BASE + "id/place/"
KNOWN = {
    BASE + "ns#Country": [PLACE + "mar", PLACE + "mrt"],
    BASE + "ns#SourceRecord": [BASE + "graph/data/records/gfmd/thamm.ttl"],
    BASE + "ns#Organisation": [BASE + "id/actor/ilo", BASE + "id/initiative/ghwa"],
    BASE + "concept/role": [BASE + "concept/role/funder"],
}

HEADER = """\
#+ title: {en: A question, fr: Une question}
#+ summary: {en: A summary., fr: Un résumé.}
#+ parameters:
#+   country: {type: entity, class: "mg:Country", label: {en: a, fr: b}, default: mar}
#+   role: {type: concept, scheme: role, label: {en: a, fr: b}}
#+   from: {type: date, label: {en: a, fr: b}}
#+   to: {type: date, bound: latest, label: {en: a, fr: b}}
#+   number: {type: number, label: {en: a, fr: b}}
#+   text: {type: text, label: {en: a, fr: b}}
#+   lang: {type: choice, choices: [en, fr], label: {en: a, fr: b}, default: en}
#+ view: table
#+ inferred: false
#+ example: {country: mar}
"""

QUERY = """
# VALUES ?comment { UNDEF } is no place for a value, and neither is the one in the string.
SELECT ?country ?role ?from ?to ?number ?text ?lang ?quoted
WHERE {
  VALUES ?country { UNDEF }
  VALUES ?role { UNDEF }
  VALUES ?from { UNDEF }
  VALUES ?to { UNDEF }
  VALUES ?number { UNDEF }
  VALUES ?text { UNDEF }
  VALUES ?lang { UNDEF }
  BIND("VALUES ?text { UNDEF }" AS ?quoted)
}
ORDER BY ?country
"""


class Lookup:
    def is_instance(self, iri: str, class_or_scheme: str) -> bool:
        return iri in KNOWN.get(class_or_scheme, [])

    def named(self, text: str, class_or_scheme: str) -> list[str]:
        return []

    def suggest(self, text: str, class_or_scheme: str) -> Mapping[str, str]:
        return {iri.rpartition("/")[2]: "" for iri in KNOWN.get(class_or_scheme, [])}


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> CannedQuery:
    folder = tmp_path_factory.mktemp("queries")
    (folder / "a-question.rq").write_text(HEADER + QUERY, encoding="utf-8")
    return load_catalogue(folder).find("a-question")


def load_one(folder: Path, text: str) -> CannedQuery:
    (folder / "broken.rq").write_text(text, encoding="utf-8")
    return load_catalogue(folder)["broken"]
