"""Settings come from the environment, and what does not fit is told with its variable."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from conftest import ROOT
from migov.cli import serve
from migov.endpoints import Endpoint
from migov.errors import EnvironmentProblem
from migov.settings import Settings, option, table, variable, without_secrets


def test_without_an_environment_the_defaults_hold() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.root) == ("127.0.0.1", 8000, None)
    assert settings.cache.is_absolute()


def test_every_setting_is_read_from_its_variable() -> None:
    given = {
        "MIGOV_HOST": "0.0.0.0",
        "MIGOV_PORT": "0",
        "MIGOV_ROOT": "~/checkout",
        "MIGOV_CACHE": "relative/cache",
        "MIGOV_DEADLINE": "2.5",
        "MIGOV_PART": "0.5",
        "MIGOV_WORKERS": "3",
        "MIGOV_MEMORY": "512",
        "MIGOV_ANSWER": "1",
        "MIGOV_ROWS": "500",
        "MIGOV_KEPT": "0",
        "MIGOV_TEXT": "10",
        "MIGOV_PAGE": "20",
        "MIGOV_STORE": "disk",
        "MIGOV_INFERENCE": "off",
        "MIGOV_WATCH": "0.1",
        "MIGOV_LOG": "json",
        "MIGOV_LOG_LEVEL": "debug",
        "MIGOV_METRICS": "[::1]:9464",
        "MIGOV_BUDGET": "30",
        "MIGOV_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "MIGOV_FAREWELL": "1",
        "MIGOV_TOKENS": "/etc/migov/tokens.json",
        "MIGOV_TARGETS": "targets",
        "MIGOV_FEDERATION": "https://a.example/sparql",
        "MIGOV_FEDERATION_DEADLINE": "30",
        "MIGOV_FEDERATION_ANSWER": "1.5",
        "MIGOV_ENGINE": "https://store.example/query",
        "MIGOV_ENGINE_EDITS": "on",
        "MIGOV_USER": "reader",
    }
    assert {variable(setting.name) for setting in fields(Settings)} == set(given)
    assert Settings.from_environment(given) == Settings(
        host="0.0.0.0",
        port=0,
        root=Path.home() / "checkout",
        cache=Path("relative/cache"),
        deadline=2.5,
        part=0.5,
        workers=3,
        memory=512,
        answer=1,
        rows=500,
        kept=0,
        text=10,
        page=20,
        store="disk",
        inference="off",
        watch=0.1,
        log="json",
        log_level="debug",
        metrics="[::1]:9464",
        budget=30.0,
        proxies="127.0.0.1, 10.0.0.0/8",
        farewell=1.0,
        tokens=Path("/etc/migov/tokens.json"),
        targets=Path("targets"),
        federation=(Endpoint("https://a.example/sparql"),),
        federation_deadline=30.0,
        federation_answer=1.5,
        engine="https://store.example/query",
        engine_edits="on",
        user="reader",
    )


def test_an_empty_variable_is_none_at_all() -> None:
    assert Settings.from_environment(dict.fromkeys(("MIGOV_PORT", "MIGOV_ROOT"), "")) == Settings()


def test_other_variables_are_left_alone() -> None:
    assert Settings.from_environment({"PORT": "1", "migov_port": "2", "MIGOV_X": "3"}) == Settings()


def test_the_process_s_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGOV_PORT", "8123")
    assert Settings.from_environment().port == 8123


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "80.0"),
        ("PORT", "9" * 5000),
        ("ROOT", "~no-such-user-here/checkout"),
        ("CACHE", "~no-such-user-here/cache"),
        ("LOG", "xml"),
        ("LOG_LEVEL", "INFO"),
        *(("METRICS", value) for value in ("on", ":9464", "localhost:", "localhost:port")),
        *(("BUDGET", value) for value in ("-1", "nan", "inf", "x")),
        *(("PROXIES", value) for value in ("localhost", "10.0.0.0/99", "10.0.0.1/8")),
        ("FAREWELL", "0"),
        *(("ROWS", value) for value in ("-1", "1.5", "x")),
        *(("DEADLINE", value) for value in ("0", "-1", "nan", "inf", "x")),
        *(("PART", value) for value in ("0", "-1", "nan", "inf", "x")),
        *(("WATCH", value) for value in ("0", "-1", "nan", "inf", "x")),
        *(
            (name, value)
            for name in ("WORKERS", "MEMORY", "ANSWER", "TEXT", "PAGE")
            for value in ("0", "-1", "1.5", "x")
        ),
        *(
            ("ENGINE", value)
            for value in (
                "store.example/query",
                "ftp://store.example/",
                "http://",
                "http:///query",
                "http://store.example:99999/",
                "http://store.example/#part",
                "http://store.example/a b",
                "http://reader:secret@store.example/query",
                "http://reader@store.example/query",
            )
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_variable_and_meaning(name: str, value: str) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        Settings.from_environment({f"MIGOV_{name}": value})
    assert caught.value.message.startswith(
        f"MIGOV_{name}={without_secrets(value)!r} does not fit: "
    )
    assert "secret" not in caught.value.message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"MIGOV_{name} is: ")


def test_every_setting_says_what_it_is() -> None:
    for setting in fields(Settings):
        assert len(setting.metadata["help"]) > 10
        assert not setting.metadata["help"].endswith(".")


def test_the_page_of_settings_is_that_of_the_table() -> None:
    page = (ROOT / "server/SETTINGS.md").read_text(encoding="utf-8")
    assert page == table(), "make fix writes the page anew"
    assert len([line for line in page.splitlines() if line.startswith("| ")]) == 1 + len(
        fields(Settings)
    )


def test_serve_has_an_option_for_every_setting_and_shows_its_meaning() -> None:
    options = {name: entry for entry in serve.command.params for name in entry.opts}
    for setting in fields(Settings):
        shown = options[option(setting.name)]
        assert shown.name == setting.name
        assert setting.metadata["help"] in str(getattr(shown, "help", ""))
        assert variable(setting.name) in str(getattr(shown, "help", ""))
