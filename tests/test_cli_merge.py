"""`migov merge`: a change that conforms becomes a commit, any other leaves nothing behind."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cli_runner import Result, migov
from git_repository import git

PATH = "data/actors/ilo.ttl"
AUTHOR = "A Steward <steward@example.org>"
HEAD = (
    "@prefix actor: <https://w3id.org/migov/id/actor/> .\n"
    "@prefix mg: <https://w3id.org/migov/ns#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
)
GOOD = HEAD + 'actor:ilo skos:altLabel "Bureau of everything"@en .\n'


def merge(folder: Path, *words: str, stdin: bytes = b"") -> Result:
    return migov("merge", *words, "--author", AUTHOR, folder=folder, stdin=stdin)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_a_change_that_conforms_is_committed(checkout: Path) -> None:
    before = (checkout / PATH).read_text(encoding="utf-8")
    result = merge(checkout, "-", "--file", PATH, "-m", "Add a name", stdin=GOOD.encode())
    assert result.code == 0, result.out + result.err
    commit = git(checkout, "rev-parse", "HEAD").stdout.strip()
    assert result.out.endswith(f"Merged as {commit}\n")
    shown = git(checkout, "show", "-s", "--format=%an <%ae>%n%s").stdout
    assert shown == f"{AUTHOR}\nAdd a name\n"
    assert git(checkout, "status", "--porcelain").stdout == ""
    now = (checkout / PATH).read_text(encoding="utf-8")
    assert '"Bureau of everything"@en' in now
    assert set(before.splitlines()) <= set(now.splitlines())


def test_a_change_that_does_not_conform_leaves_nothing(checkout: Path) -> None:
    before, commit = contents(checkout), git(checkout, "rev-parse", "HEAD").stdout
    bad = HEAD + "actor:ilo mg:unitOf actor:nobody .\n"
    for text in (bad, "actor:ilo"):
        result = merge(checkout, "-", "--file", PATH, "-m", "Mistake", stdin=text.encode())
        assert result.code == 1, result.err
        assert "Does not conform" in result.out
    assert contents(checkout) == before
    assert git(checkout, "rev-parse", "HEAD").stdout == commit
    assert git(checkout, "status", "--porcelain").stdout == ""


def test_a_lock_of_somebody_else_is_left_alone(checkout: Path) -> None:
    """git holds it while somebody writes the message of a commit in an editor."""
    lock, before = checkout / ".git/index.lock", git(checkout, "rev-parse", "HEAD").stdout
    lock.touch()
    for _ in range(2):
        result = merge(checkout, "-", "--file", PATH, "-m", "Add a name", stdin=GOOD.encode())
        assert result.code == 2
        assert "git is at work in this checkout" in result.err
        assert lock.exists()
    assert git(checkout, "rev-parse", "HEAD").stdout == before
    assert not (checkout / ".git/migov-merge.json").exists()
    lock.unlink()
    result = merge(checkout, "-", "--file", PATH, "-m", "Add a name", stdin=GOOD.encode())
    assert result.code == 0


def test_before_the_first_commit_it_says_so(checkout: Path) -> None:
    git(checkout, "checkout", "-q", "--orphan", "new")
    result = merge(checkout, "-", "--file", PATH, "-m", "Add a name", stdin=GOOD.encode())
    assert result.code == 2
    assert "There is no commit here yet." in result.err


def test_edits_of_the_checkout_are_merged_and_none_is_nothing_to_do(checkout: Path) -> None:
    nothing = merge(checkout, "-m", "Nothing")
    assert (nothing.code, nothing.out) == (0, "There is nothing to merge.\n")
    path = checkout / PATH
    path.write_text(path.read_text(encoding="utf-8") + "# reviewed\n", encoding="utf-8")
    done = merge(checkout, "-m", "Say that it was reviewed")
    assert done.code == 0, done.out + done.err
    assert git(checkout, "status", "--porcelain").stdout == ""
    assert "# reviewed" in git(checkout, "show", f"HEAD:{PATH}").stdout


def test_what_cannot_be_merged_says_why(checkout: Path) -> None:
    for words in (("-m", " "), ("--patch", "absent.patch", "-m", "x")):
        path = checkout / PATH
        path.write_text(path.read_text(encoding="utf-8") + "# x\n", encoding="utf-8")
        result = merge(checkout, *words)
        assert result.code == 2, result.out
        assert result.err.startswith("Error: ")
