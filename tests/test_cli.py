"""The command line as a process: what a shell sees."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import termios
import urllib.request
from pathlib import Path

import click
import pytest

from cli_runner import CACHE, ROOT, copy_of_content, migov
from migov.cli.app import COMMANDS, LazyGroup, cli

COMMAND = [sys.executable, "-m", "migov.cli"]


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MIGOV_CACHE": str(CACHE), "COLUMNS": "100"}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_help_lists_every_command_without_loading_any() -> None:
    result = process("--help")
    assert result.returncode == 0
    assert all(f"  {name} " in result.stdout for name in COMMANDS)
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    names = {line.rpartition("|")[2].strip() for line in loaded.splitlines()}
    assert "migov.cli.app" in names
    assert not names & {"flask", "rdflib", "pyoxigraph", "pyshacl", "uvicorn"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], "rich pyoxigraph dulwich rdflib pyshacl flask owlrl werkzeug"),
        (["query", "budgets"], "rdflib pyshacl flask owlrl"),
        (["fmt", "--check", "data/people"], "rdflib pyshacl flask owlrl"),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], absent: str) -> None:
    code = (
        "import sys; from migov.cli.app import run; run(sys.argv[1:]);"
        "print('MODULES', *sys.modules)"
    )
    migov("info")  # the snapshot is there: building one does need a reasoner
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "MIGOV_CACHE": str(CACHE)},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(result.stdout.rpartition("MODULES")[2].split())
    assert not modules & set(absent.split())


def test_output_that_nobody_reads_to_its_end_is_no_error() -> None:
    everything = f"{shlex.join(COMMAND)} query 'SELECT * {{ ?s ?p ?o }}' -f csv | head -n 1"
    result = subprocess.run(
        ["/bin/sh", "-c", everything],
        cwd=ROOT,
        env={**os.environ, "MIGOV_CACHE": str(CACHE)},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "o,p,s\n"
    assert "Traceback" not in result.stderr
    assert "Error" not in result.stderr


def test_on_a_terminal_there_are_colours_and_progress_and_the_width_is_kept() -> None:
    main, side = os.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 64, 0, 0))
    environment = {**os.environ, "MIGOV_CACHE": str(CACHE), "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    child = subprocess.Popen(
        [*COMMAND, "validate"], cwd=ROOT, env=environment, stdout=side, stderr=side
    )
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says EIO at the end
        while piece := os.read(main, 65536):
            shown += piece
    os.close(main)
    text = shown.decode()
    assert child.wait() == 0
    assert "Validating the graph …" in text
    assert "\x1b[1;32m" in text  # the green word at the end
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", text)
    paths = re.compile(r"data/\S+")  # a path is not broken
    assert all(len(paths.sub("", line)) <= 64 for line in plain.splitlines())


def test_no_colours_and_no_progress_outside_a_terminal() -> None:
    result = process("query", "who-funds-and-implements", "--country", "mar")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert not any(line != line.rstrip() for line in result.stdout.splitlines())


def test_the_console_script_and_the_module_are_the_same() -> None:
    script = Path(sys.executable).with_name("migov")
    if script.exists():
        assert (
            subprocess.run([script, "--version"], capture_output=True).stdout
            == process("--version").stdout.encode()
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["qery"], "Did you mean “migov query”?"),
        (["nothing-like-it"], "See “migov --help”."),
        (["info", "--jsn"], "Did you mean '--json'?"),
        (["query", "budget"], "Did you mean budgets?"),
        (["query", "who-funds-and-implements", "--contry", "mar"], "Did you mean country?"),
        (
            ["query", "who-funds-and-implements", "--country", "morroco"],
            "Did you mean mar (Morocco), ",
        ),
        (["query", "budgets", "-f", "cvs"], "There are table, json"),
        (["query", "missing.rq"], "missing.rq cannot be read"),
        (["query", "no/such/file.sparql"], "no/such/file.sparql cannot be read"),
        (["query", "hello world"], "“hello world” is neither a canned query, nor a file"),
        (["query", "SELCT * { ?s ?p ?o }"], "Did you mean SELECT?"),
        (["query", "ASK { fo:x ?p ?o }"], "The prefix “fo:” is not declared."),
        (["query", "ASK { actr:ilo ?p ?o }"], "Did you mean actor:?"),
        (["query", "ASK { ?s ?p ?o"], "“{” is never closed."),
        (["query", "ASK { ?s ?p ?o }", "-f", "ttl"], "table, json, xml, csv, tsv"),
        (["query", "CONSTRUCT WHERE { ?s ?p ?o }", "-f", "csv"], "cannot be written as “csv”"),
        (["query", "facts-of-initiative"], "initiative is missing: expected a known mg:Initiative"),
        (
            ["query", "initiatives-between-dates", "--from", "2020", "--to", "2019"],
            "from is “2020”: expected a value that does not come after to",
        ),
        (["query", "budgets", "--minimum", "10", "--maximum", "9"], "does not come after maximum"),
        (["serve", "--port", "abc"], "it must be a whole number from 0 to 65535"),
        (["serve", "--deadline", "soon"], "it must be a number above 0"),
        (["serve", "--workers", "1.5"], "it must be a whole number, 1 or more"),
        (["query", ""], "The query is empty."),
        (["query", "ASK {}", "--country", "mar"], "A query given as text has no parameter"),
        (["query", "two", "words"], "one word too many"),
        (["query", "--country"], "The parameter --country has no value"),
        (["query", "-p", "country", "budgets"], "-p country is not of the form NAME=VALUE"),
        (["query", "SELECT * { SERVICE <http://a.example/> { ?s ?p ?o } }"], "SERVICE"),
        (["query", "ASK " + "{" * 300 + "}" * 300], "nests brackets"),
        (["query", "SELECT * {\n?s ?p }"], "query:2:"),
        (["serve", "--port", "99999"], "it must be a whole number from 0 to 65535"),
        (["info", "--root", "/"], "has no folder ontology/"),
        (["export", "--only", "everything.zip"], "There is no dump 'everything.zip'."),
        (["fmt", "absent.ttl"], "There is no file absent.ttl."),
        (["validate", "data.ttl"], "name them with --shapes"),
        (["validate", "--shapes", "s.ttl"], "There are shapes and no data"),
    ],
)
def test_errors_say_what_to_do(arguments: list[str], sentence: str) -> None:
    result = migov(*arguments)
    assert result.code == 2
    assert sentence in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


@pytest.mark.parametrize("arguments", [[], ["new"]])
def test_a_group_alone_shows_its_help(arguments: list[str]) -> None:
    result = migov(*arguments)
    assert result.code == 0
    assert result.out == migov(*arguments, "--help").out
    assert result.err == ""


def test_nothing_compressed_is_written_to_a_terminal() -> None:
    main, side = os.openpty()
    environment = {**os.environ, "MIGOV_CACHE": str(CACHE)}
    result = subprocess.run(
        [*COMMAND, "export", "--only", "migov.nq.gz"],
        cwd=ROOT,
        env=environment,
        stdout=side,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(side)
    os.close(main)
    assert result.returncode == 2
    assert "migov export --only migov.nq.gz > migov.nq.gz" in result.stderr


def test_an_unwritable_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = migov("info", "--cache", tmp_path / "file")
    assert result.code == 2
    assert "cannot be written" in result.err
    assert "MIGOV_CACHE" in result.err


def test_a_crash_never_looks_like_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr("migov.gate.repository.check_repository", crash)
    result = migov("validate")
    assert result.code == 2
    assert "This is a fault of migov" in result.err
    assert "unforeseen" in result.err


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("migov.gate.repository.check_repository", interrupt)
    result = migov("validate")
    assert (result.code, result.err.strip()) == (130, "Interrupted.")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    (tmp_path / "data" / "actors" / "folder.ttl").mkdir()
    result = migov("validate", folder=tmp_path)
    assert result.code == 2
    assert "folder.ttl" in result.err
    assert "Traceback" not in result.err


def test_a_broken_file_stops_with_its_line(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    broken = tmp_path / "data" / "actors" / "ilo.ttl"
    broken.write_text(broken.read_text() + "\nactor:ilo mg:name ILO .\n", encoding="utf-8")
    line = len(broken.read_text().splitlines())
    for arguments in (["validate"], ["query", "budgets"], ["info"], ["serve"]):
        result = migov(*arguments, folder=tmp_path)
        assert result.code == 2
        assert f"data/actors/ilo.ttl:{line}:" in result.err
        assert "actor:ilo mg:name ILO ." in result.err
        assert "^" in result.err


def test_a_server_answers_says_where_and_refuses_a_taken_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {**os.environ, "MIGOV_CACHE": str(CACHE), "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", port],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert f"http://127.0.0.1:{port}/" in server.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            assert answer.status == 200
        second = process("serve", "--port", port)
        assert second.returncode == 2
        assert f"Port {port}" in second.stderr
        assert "--port 0" in second.stderr
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def logged(server: subprocess.Popen[str], text: str) -> str:
    """Return the next line of a server's log that has a text."""
    assert server.stderr is not None
    return next(line for line in server.stderr if text in line)


def test_a_server_says_what_it_publishes_and_what_is_mended(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    file, query = tmp_path / "data" / "actors" / "ilo.ttl", tmp_path / "queries" / "budgets.rq"
    environment = {**os.environ, "MIGOV_CACHE": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--watch", "0.1"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stderr is not None
    try:
        server.stdout.readline()
        for path, name in ((file, "data/actors/ilo.ttl:"), (query, "queries/budgets.rq:")):
            good = path.read_text(encoding="utf-8")
            path.write_text("#+ oops: [\n" + good, encoding="utf-8")
            if path == file:
                path.write_text("oops\n" + good, encoding="utf-8")
            assert name in logged(server, "not published: ")
            path.write_text(good, encoding="utf-8")
            assert name in logged(server, "mended: ")
        file.write_text(
            file.read_text(encoding="utf-8") + '\nactor:ilo mg:acronym "XYZ" .\n', encoding="utf-8"
        )
        assert "of files without a revision" in logged(server, " published ")
    finally:
        server.terminate()
        server.communicate(timeout=20)


def test_info_counts_what_is_there() -> None:
    result = migov("info")
    assert result.code == 0
    assert re.search(r"records +18\n", result.out)
    assert re.search(r"initiatives +21\n", result.out)


def test_the_group_is_lazy() -> None:
    assert isinstance(cli, LazyGroup)
    assert list(COMMANDS) == cli.list_commands(click.Context(cli))
