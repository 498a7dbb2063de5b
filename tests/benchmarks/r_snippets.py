"""The R snippet of every canned question, run by R against a server that runs already.

    python -m benchmarks.r_snippets ADDRESS

R is Debian's package r-base-core, without any other. What a snippet reads is compared with what the
server answers to the same question: rows, triples, yes or no.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

_TOLD = {"SELECT": "cat(nrow(rows))", "CONSTRUCT": "cat(length(triples))", "ASK": ""}


def main(address: str) -> int:
    """Print what went wrong and how many were run; return 1 where anything did."""
    with httpx.Client(base_url=address, timeout=60) as client, TemporaryDirectory() as folder:
        listed = client.get("/queries", params={"format": "json"}).json()
        wrong = 0
        for entry in listed:
            found = _wrong(client, entry, Path(folder) / "snippet.R")
            if found:
                wrong += 1
                print(f"{entry['slug']}: {found}")
    print(f"{len(listed)} snippets run by R, {wrong} wrong.")
    return 1 if wrong else 0


def _wrong(client: httpx.Client, entry: dict[str, Any], file: Path) -> str | None:
    path, example = f"/queries/{entry['slug']}", entry["example"]
    page = client.get(path, params=example, headers={"Accept": "text/html"}).text
    shown = re.search(r'id="way-r">.*?<code>(.*?)</code>', page, re.DOTALL)
    if shown is None:
        return "its page has no R snippet"
    text = html.unescape(shown[1])
    file.write_text(f"{text}\n{_TOLD[entry['form']]}\n", encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "--vanilla", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stderr.strip()
    (asked,) = re.findall(r'"(http[^"]*)"', text)
    expected, told = _size(entry["form"], client.get(asked)), done.stdout.split()[-1]
    return None if told == expected else f"R has {told}, the server {expected}"


def _size(form: str, answer: httpx.Response) -> str:
    if form == "ASK":
        return "TRUE" if json.loads(answer.content)["boolean"] else "FALSE"
    if form == "CONSTRUCT":
        return str(len(answer.text.splitlines()))
    return str(len(list(csv.reader(io.StringIO(answer.text)))) - 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
