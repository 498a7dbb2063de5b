"""A real git repository with the content of this one, made by a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli_runner import CACHE, ROOT, copy_of_content

NAME = {
    "GIT_AUTHOR_NAME": "A Steward",
    "GIT_AUTHOR_EMAIL": "steward@example.org",
    "GIT_COMMITTER_NAME": "A Steward",
    "GIT_COMMITTER_EMAIL": "steward@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
THAMM = "data/records/gfmd/thamm.ttl"


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which `migov` is this checkout's, and git has no settings."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **NAME, "PATH": path, "MIGOV_CACHE": str(CACHE), **more}


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder; a failure is the caller's to look at."""
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def content_repository(folder: Path) -> Path:
    """Make a repository of the content with one commit on main."""
    return under_git(copy_of_content(folder))


def under_git(folder: Path, more_commits: int = 0) -> Path:
    """Commit what a folder has on main, with a user that git knows there."""
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", NAME["GIT_AUTHOR_NAME"]],
        ["config", "user.email", NAME["GIT_AUTHOR_EMAIL"]],
        ["add", "."],
        ["commit", "-q", "-m", "Begin"],
        *[["commit", "-q", "--allow-empty", "-m", "Go on"]] * more_commits,
    ):
        done = git(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


def edit(folder: Path, path: str, old: str, new: str) -> tuple[int, int]:
    """Replace a text that a file has, and return the line and column of the new one."""
    file = folder / path
    text = file.read_text(encoding="utf-8")
    at = text.index(old)
    file.write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


__all__ = ["ROOT", "THAMM", "content_repository", "edit", "environment", "git", "under_git"]
