"""Options that several commands share, made from the table of settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from migov.settings import Settings, variable

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
            self.fail(f"{value!r} does not fit: {error}.", param, ctx)


def settings_options(*names: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds an option for each of these settings to a command."""

    def decorate(command: _Command) -> _Command:
        for setting in reversed([field for field in fields(Settings) if field.name in names]):
            default = setting.default
            shown = "" if default is None or isinstance(default, Path) else f"{default}, "
            option = click.option(
                f"--{setting.name}",
                type=_SettingType(setting.metadata["parse"]),
                default=None,
                metavar=_metavar(setting.name, default),
                help=f"{setting.metadata['help']} [{shown}{variable(setting.name)}]",
            )
            command = option(command)
        return command

    return decorate


def _metavar(name: str, default: object) -> str:
    if name in ("root", "cache"):
        return "FOLDER"
    return "TEXT" if isinstance(default, str) else "NUMBER"


def settings_from(**given: Any) -> Settings:
    """Return the settings of the environment with those that the command line gives."""
    settings = Settings.from_environment()
    return replace(settings, **{name: value for name, value in given.items() if value is not None})
