"""Tokens: shown once, kept as digests, refused when they are wrong, old or not safely kept."""

from __future__ import annotations

import datetime
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from cli_runner import ROOT, Result, migov
from migov.access import (
    ScopeError,
    Tokens,
    UnauthorizedError,
    digest_of,
    new_token,
    read_tokens,
    revoke_token,
)
from migov.errors import EnvironmentProblem, ParameterError

ANN = "Ann Author <ann@example.org>"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "tokens.json"


def token(path: Path, *words: str) -> Result:
    return migov("token", *words, "--tokens", path)


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def test_a_token_is_shown_once_and_kept_as_a_digest(path: Path) -> None:
    made = token(path, "new", "--name", "ann", "--scope", "merge", "--author", ANN)
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert made.out == f"{secret}\n"
    assert len(secret.removeprefix("migov_")) >= 43  # 256 bits in base64
    assert secret not in made.err
    kept = path.read_text(encoding="utf-8")
    assert secret not in kept
    assert digest_of(secret) in kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(path.parent.iterdir()) == [path]
    listed = token(path, "list")
    assert listed.code == 0
    assert "ann" in listed.out
    assert ANN in listed.out
    assert digest_of(secret)[:12] not in listed.out


def test_two_tokens_are_never_alike(path: Path) -> None:
    secrets = {new_token(path, f"t{number}", ["propose"], ANN) for number in range(20)}
    assert len(secrets) == 20
    assert len(read_tokens(path)) == 20


def test_a_server_knows_them_and_hears_of_changes(path: Path) -> None:
    ann = new_token(path, "ann", ["merge"], ANN)
    tokens = Tokens(path)
    assert tokens.bearer(bearer(ann)).name == "ann"
    assert tokens.bearer(f"bearer   {ann} ").author == ANN
    bob = new_token(path, "bob", ["propose"], ANN)
    assert tokens.bearer(bearer(bob)).scopes == ("propose",)
    assert token(path, "revoke", "ann").code == 0
    with pytest.raises(UnauthorizedError, match="not known"):
        tokens.bearer(bearer(ann))
    assert tokens.bearer(bearer(bob)).name == "bob"


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic YW5uOmFubg==",
        "{ann}",
        "Bearer {ann} {ann}",
        "Bearer {ann}, Bearer {ann}",
        "Bearer {ann}x",
        "Bearer {digest}",
        'Bearer "{ann}"',
        "Bearer é",
        "Bearer {ann}\x00",
    ],
)
def test_anything_else_is_no_token(path: Path, credentials: str | None) -> None:
    ann = new_token(path, "ann", ["merge"], ANN)
    if credentials is not None:
        credentials = credentials.format(ann=ann, digest=digest_of(ann))
    with pytest.raises(UnauthorizedError) as caught:
        Tokens(path).bearer(credentials)
    assert caught.value.given == (credentials is not None)
    assert ann not in caught.value.message + str(caught.value.hint)


def test_a_token_is_good_through_its_last_day(path: Path) -> None:
    day = datetime.date(2030, 5, 17)
    secret = new_token(path, "ann", ["merge"], ANN, day)
    assert Tokens(path, lambda: day).bearer(bearer(secret)).expires == "2030-05-17"
    with pytest.raises(UnauthorizedError, match="expired after 2030-05-17"):
        Tokens(path, lambda: day + datetime.timedelta(1)).bearer(bearer(secret))


def test_scopes_reach_as_far_as_they_say(path: Path) -> None:
    tokens = Tokens(_with(path, "propose"))
    (one,) = read_tokens(path)
    assert tokens
    one.require("propose")
    with pytest.raises(ScopeError, match="scope merge") as caught:
        one.require("merge")
    assert caught.value.scope == "merge"


def _with(path: Path, scope: str) -> Path:
    assert token(path, "new", "--name", "x", "--scope", scope, "--author", ANN).code == 0
    return path


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_strangers_may_read_or_change_is_refused(path: Path, mode: int) -> None:
    ann = new_token(path, "ann", ["merge"], ANN)
    tokens = Tokens(path)
    path.chmod(mode)
    with pytest.raises(EnvironmentProblem, match="at the moment"):
        tokens.bearer(bearer(ann))
    for act in (
        lambda: Tokens(path),
        lambda: new_token(path, "bob", ["merge"], ANN),
    ):
        with pytest.raises(EnvironmentProblem, match="may be"):
            act()
    path.chmod(0o640)  # a group of the operator's may read digests
    assert tokens.bearer(bearer(ann)).name == "ann"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a file away")
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    new_token(path, "ann", ["merge"], ANN)
    os.chown(path, 12345, 12345)
    with pytest.raises(EnvironmentProblem, match="another user"):
        Tokens(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-3],
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"merge"', '"everything"'),
        lambda text: text.replace('"author"', '"auther"'),
        lambda text: text.replace("<ann@", "ann@"),
        lambda text: text.replace('"digest": "', '"digest": "0'),
        lambda text: text.replace('"expires": null', '"expires": "soon"'),
        lambda text: text.replace('"name": "ann"', '"name": 7'),
        lambda text: "[]",
        lambda text: "",
        lambda text: '{"format": 1, "tokens": {}}'.replace("{}", "[[]]"),
    ],
)
def test_a_damaged_file_lets_nobody_in_and_says_so(path: Path, damage: object) -> None:
    new_token(path, "ann", ["merge"], ANN)
    text = path.read_text(encoding="utf-8")
    path.write_text(damage(text), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(EnvironmentProblem) as caught:
        Tokens(path)
    assert caught.value.hint
    assert migov("token", "list", "--tokens", path).code == 2


def test_two_of_one_name_are_damage(path: Path) -> None:
    new_token(path, "ann", ["merge"], ANN)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["tokens"] *= 2
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(EnvironmentProblem):
        read_tokens(path)


def test_mistakes_are_told(path: Path) -> None:
    good = ("--name", "ann", "--scope", "merge", "--author", ANN)
    assert token(path, "new", *good).code == 0
    for words, what in (
        (good, "already"),
        (("--name", "a b", *good[2:]), "no name"),
        ((*good[:2], "--scope", "all", *good[4:]), "all"),
        ((*good[:4], "--author", "Ann"), "not an author"),
        ((*good[:4], "--author", "Ann <a@b>\n<c@d>"), "not an author"),
        ((*good, "--expires", "2020-01-01"), "in the past"),
        ((*good, "--expires", "soon"), "soon"),
        (good[:4], "--author"),
    ):
        result = token(path, "new", *words)
        assert result.code == 2, words
        assert what in result.err
        assert not result.out
    assert "There is no token" in token(path, "revoke", "nobody").err
    assert len(read_tokens(path)) == 1
    nowhere = migov("token", "list")
    assert nowhere.code == 2
    assert "MIGOV_TOKENS" in nowhere.err
    assert token(path.with_name("absent.json"), "list").code == 2
    inside = migov("token", "new", *good, "--tokens", ROOT / "data" / "tokens.json")
    assert inside.code == 2
    assert "published" in inside.err
    assert not (ROOT / "data" / "tokens.json").exists()


def test_commands_at_the_same_time_lose_nothing(path: Path) -> None:
    new_token(path, "first", ["merge"], ANN)
    threads = [
        threading.Thread(target=new_token, args=(path, f"t{number}", ["merge"], ANN))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_tokens(path)) == 13


def test_an_unknown_name_to_revoke_changes_nothing(path: Path) -> None:
    new_token(path, "ann", ["merge"], ANN)
    before = path.stat()
    with pytest.raises(ParameterError):
        revoke_token(path, "bob")
    assert path.stat() == before
