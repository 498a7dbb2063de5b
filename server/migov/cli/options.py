"""Options that several commands share, made from the table of settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import click

from migov.settings import (
    Settings,
    option,
    shown_default,
    unknown_variables,
    variable,
    without_secrets,
)

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _SettingType(click.ParamType[Any]):
    """A value of a setting, read as the environment variable of the same name is."""

    name = "value"

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(f"{without_secrets(value)!r} does not fit: {error}.", param, ctx)


def settings_options(*names: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds an option for each of these settings to a command.

    Without names it adds one for every setting.
    """

    def decorate(command: _Command) -> _Command:
        chosen = [field for field in fields(Settings) if not names or field.name in names]
        for setting in reversed(chosen):
            default = setting.default
            shown = f"{text}, " if (text := shown_default(setting)) else ""
            add = click.option(
                option(setting.name),
                type=_SettingType(setting.metadata["parse"]),
                default=None,
                metavar=_metavar(setting.name, default),
                help=f"{setting.metadata['help']} [{shown}{variable(setting.name)}]",
            )
            command = add(command)
        return command

    return decorate


def _metavar(name: str, default: object) -> str:
    if name in ("root", "cache", "targets"):
        return "FOLDER"
    if name == "tokens":
        return "FILE"
    if isinstance(default, tuple):
        return "LIST"
    if name == "engine":
        return "URL"
    return "TEXT" if isinstance(default, str) or name == "user" else "NUMBER"


def warned(text: str) -> None:
    """Write a warning to standard error."""
    click.secho("Warning: ", fg="yellow", bold=True, nl=False, err=True)
    click.echo(text, err=True)


def settings_from(*, warn: Callable[[str], object] = warned, **given: Any) -> Settings:
    """Return the settings of the environment with those that the command line gives.

    `warn` gets a sentence for each variable that is misspelt.
    """
    for sentence in unknown_variables():
        warn(sentence)
    settings = Settings.from_environment()
    return replace(settings, **{name: value for name, value in given.items() if value is not None})
