"""Where the files are, and at which revision.

The folders are looked for in an explicit root, then in the checkout around the current directory,
then in the checkout this module belongs to, then in the installed package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Commit
from dulwich.repo import Repo

from migov.errors import EnvironmentProblem

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
FOLDERS = ("ontology", "data", "shapes", "queries")


@dataclass(frozen=True, slots=True)
class Repository:
    """The folder that holds `ontology/ data/ shapes/ queries/`."""

    root: Path

    @property
    def ontology(self) -> Path:
        return self.root / "ontology"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def rules(self) -> Path:
        return self.ontology / "rules"

    @property
    def shapes(self) -> Path:
        return self.root / "shapes"

    @property
    def queries(self) -> Path:
        return self.root / "queries"

    def revision(self) -> str | None:
        """Return the commit that HEAD names (in hex), or None where git cannot tell."""
        try:
            with Repo(str(self.root)) as repo:
                head = repo.head().decode("ascii")
        except Exception:  # no checkout, no commit yet, a damaged .git: our files are there anyway
            return None
        return head if _COMMIT.fullmatch(head) else None

    def committed(self, *folders: str) -> dict[str, bytes]:
        """Return the names (SHA-1, hex) of the files that HEAD holds in some folders, by path.

        Empty where git cannot tell.
        """
        try:
            with Repo(str(self.root)) as repo:
                head = repo[repo.head()]
                assert isinstance(head, Commit)
                return {
                    f"{folder}/{entry.path.decode('utf-8', 'surrogateescape')}": entry.sha
                    for folder in folders
                    for entry in iter_tree_contents(
                        repo.object_store,
                        tree_lookup_path(repo.get_object, head.tree, folder.encode())[1],
                    )
                    if entry.path and entry.sha
                }
        except Exception:  # as for the revision
            return {}


def _holds_the_folders(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in FOLDERS)


def _around_here() -> list[Path]:
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the folder was removed under this process
        return []
    return [here, *here.parents]


def find_repository(root: Path | None = None) -> Repository:
    """Return the repository; raises EnvironmentProblem when there is none to be found."""
    if root is not None:
        missing = [name for name in FOLDERS if not (root / name).is_dir()]
        if missing:
            raise EnvironmentProblem(
                f"{root} has no folder {missing[0]}/.",
                hint="Name the folder that holds ontology/, data/, shapes/ and queries/.",
            )
        return Repository(root.resolve())
    package = Path(__file__).resolve().parent
    for folder in (*_around_here(), package.parents[1], package / "content"):
        if _holds_the_folders(folder):
            return Repository(folder.resolve())
    raise EnvironmentProblem(
        "No migov content was found here or in the installed package.",
        hint="Run inside a checkout, or name one with --root.",
    )
