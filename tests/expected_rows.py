"""Write the rows of `tests/queries/<slug>.yaml` anew from the data of this checkout.

    .venv/bin/python tests/expected_rows.py [slug …]

Without a slug, all files. The update of a change stays as it is written. Nothing is judged here:
the difference that git shows is what a reviewer reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import test_queries as queries


def main(slugs: Sequence[str]) -> None:
    unknown = sorted(set(slugs) - set(queries.SLUGS))
    if unknown:
        sys.exit(f"No such query: {', '.join(unknown)}. See the files of queries/.")
    for slug in slugs or queries.SLUGS:
        path = queries.EXPECTED / f"{slug}.yaml"
        if not path.exists():
            sys.exit(
                f"{path} is missing. Write its change and update first; see README.md beside it."
            )
        path.write_text(_written(slug), encoding="utf-8")


def _written(slug: str) -> str:
    expected = queries.expectation(slug)
    text = (
        f"# Rows of queries/{slug}.rq. Cells: <IRI, shortened>, text@language, ~ where unbound.\n"
    )
    text += _rows("rows", queries.answer(slug))
    if "defaults" in expected:
        text += _rows("defaults", queries.answer(slug, {}))
    if "with_inferred" in expected:
        store, query = queries.with_inference(), queries.bound(slug)
        text += _rows("with_inferred", queries.rows_of(store, query, inferred=True))
    update = str(expected["change"]["update"])
    text += "change:\n  update: |\n" + "".join(f"    {line}\n" for line in update.splitlines())
    gained, lost = queries.changed_rows(slug, update)
    for key, rows in (("gained", gained), ("lost", lost)):
        if rows:
            text += _rows(f"  {key}", rows)
    return text


def _rows(key: str, rows: list[queries.Row]) -> str:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    lines = [f"{indent}- {json.dumps(row, ensure_ascii=False)}\n" for row in rows]
    for label, placeholder in queries.placeholders().items():
        lines = [
            line.replace(json.dumps(label, ensure_ascii=False), f'"{placeholder}"')
            for line in lines
        ]
    return f"{key}:\n{''.join(lines)}"


if __name__ == "__main__":
    main(sys.argv[1:])
