"""The policy as it was at the commit that a change is compared with."""

from __future__ import annotations

from dulwich.object_store import tree_lookup_path
from dulwich.objects import Blob

from migov.change.git import compared_commit, open_git, prefix_of
from migov.errors import ContentError, EnvironmentProblem
from migov.repository import Repository
from migov.verdict.policy import PATH, Policy, parse_policy


def earlier_policy(repository: Repository, base: str | None = None) -> Policy | None:
    """Return the policy of a commit, or None where there was none or nobody can tell."""
    try:
        with open_git(repository) as git:
            commit = compared_commit(git, base)
            if commit is None:
                return None
            path = b"/".join([*prefix_of(git, repository), PATH.encode()])
            _, name = tree_lookup_path(git.__getitem__, commit.tree, path)
            blob = git[name]
            return parse_policy(blob.data) if isinstance(blob, Blob) else None
    except (KeyError, EnvironmentProblem, ContentError):
        return None  # the first policy, or one that was broken, binds nobody
