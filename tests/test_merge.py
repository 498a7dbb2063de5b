"""Merging: whole, once, or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from dulwich.object_store import MissingObjectFinder
from dulwich.objects import Commit
from dulwich.repo import Repo

from change_support import AUTHOR, small_repository, turtle
from merge_crash import case, steps
from migov.change import Change, base_files, files_now, working_change
from migov.change.write import Edit, edited
from migov.dataset import ContentFile
from migov.errors import ConflictError, EnvironmentProblem, RefusedError
from migov.merge import Merged, merge, recover
from migov.repository import Repository

WHO, ILO, NEW = "data/actors/who.ttl", "data/actors/ilo.ttl", "data/new/actor.ttl"


def adding(repository: Repository, text: str, path: str = WHO) -> Change:
    before = base_files(repository)
    return Change(before, edited(before, {path: Edit(added=turtle(text))}))


def merged(repository: Repository, change: Change) -> Merged:
    return merge(repository, change, AUTHOR, "Say more\n\nWith a reason.", lambda _: True)


def head(repository: Repository) -> Commit:
    with Repo(str(repository.root)) as git:
        found = git[git.head()]
        assert isinstance(found, Commit)
        return found


def is_clean(repository: Repository) -> bool:
    with Repo(str(repository.root)) as git:
        changes = list(git.open_index().changes_from_tree(git.object_store, head(repository).tree))
    return not changes and files_now(repository) == base_files(repository, "HEAD")


def test_a_change_is_written_and_committed(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    parent = head(repository).id
    change = adding(repository, "actor:new-one a mg:Actor .", NEW)
    outcome = merged(repository, change)
    commit = head(repository)
    assert outcome.accepted
    assert not outcome.rebased
    assert outcome.commit == commit.id.decode()
    assert commit.parents == [parent]
    assert commit.author == AUTHOR.encode()
    assert commit.message == b"Say more\n\nWith a reason.\n"
    assert (tmp_path / NEW).read_bytes() == change.after[NEW].content
    assert is_clean(repository)
    back = Change(outcome.change.after, change.before)
    assert merged(repository, back).commit
    assert not (tmp_path / NEW).parent.exists()
    assert is_clean(repository)


def test_a_change_that_does_not_pass_leaves_nothing_behind(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    before, there = head(repository).id, sorted(tmp_path.rglob("*"))
    change = adding(repository, "actor:new-one a mg:Actor .", NEW)
    outcome = merge(repository, change, AUTHOR, "No", lambda _: False)
    assert not outcome.accepted
    assert outcome.commit is None
    assert head(repository).id == before
    assert [
        path for path in sorted(tmp_path.rglob("*")) if path.name != "migov-merge.lock"
    ] == there


def test_of_two_at_once_the_second_is_checked_on_what_the_first_left(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    changes = [adding(repository, f'actor:who skos:note "{number}" .') for number in range(6)]
    seen: list[int] = []
    outcomes: list[Merged] = []

    def run(change: Change) -> None:
        def check(now: Change) -> bool:
            seen.append(now.before[WHO].content.count(b"skos:note"))
            return True

        outcomes.append(merge(repository, change, AUTHOR, "Note", check))

    threads = [threading.Thread(target=run, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({outcome.commit for outcome in outcomes}) == 6
    assert sum(outcome.rebased for outcome in outcomes) == 5
    content = (tmp_path / WHO).read_text()
    assert all(f'"{number}"' in content for number in range(6))
    assert is_clean(repository)


def test_a_change_whose_triples_are_gone_is_a_conflict(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    assert merged(repository, adding(repository, 'actor:who mg:acronym "W" .')).commit
    before = base_files(repository)
    (old,) = turtle('actor:who mg:acronym "W" .')
    one, other = (
        Change(
            before, edited(before, {WHO: Edit([old], turtle(f'actor:who mg:acronym "{new}" .'))})
        )
        for new in "XY"
    )
    assert merged(repository, one).commit
    with pytest.raises(ConflictError):
        merged(repository, other)
    assert merged(repository, one).commit is None
    gone = Change(before, {path: file for path, file in before.items() if path != WHO})
    with pytest.raises(ConflictError):
        merged(repository, gone)
    assert is_clean(repository)


def test_uncommitted_edits_of_the_same_files_are_refused(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    change = adding(repository, 'actor:who skos:note "n" .')
    edit = (tmp_path / WHO).read_bytes() + b"# mine\n"
    (tmp_path / WHO).write_bytes(edit)
    with pytest.raises(RefusedError, match="not committed"):
        merged(repository, change)
    assert (tmp_path / WHO).read_bytes() == edit
    other = adding(repository, "actor:new-one a mg:Actor .", NEW)
    assert merged(repository, other).commit
    assert (tmp_path / WHO).read_bytes() == edit
    own = working_change(repository, "HEAD")
    assert merged(repository, own).commit
    assert is_clean(repository)


def test_links_and_strange_places_are_refused(tmp_path: Path) -> None:
    repository = small_repository(tmp_path / "in")
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.root / "data/new").symlink_to(outside)
    with pytest.raises(RefusedError):
        merged(repository, adding(repository, "actor:new-one a mg:Actor .", NEW))
    assert not list(outside.iterdir())
    left_out = Change({}, {}, left_out=("README.md",))
    with pytest.raises(RefusedError, match=r"README\.md"):
        merged(repository, left_out)


@pytest.mark.parametrize("author", ["", "Ann", "Ann <a@b> x", "Ann <a@b>\nx <y>", "<a@b>"])
def test_an_author_has_a_name_and_an_address(tmp_path: Path, author: str) -> None:
    repository = small_repository(tmp_path)
    with pytest.raises(RefusedError):
        merge(repository, adding(repository, "actor:x a mg:Actor ."), author, "m", lambda _: True)
    with pytest.raises(RefusedError):
        merge(repository, adding(repository, "actor:x a mg:Actor ."), AUTHOR, " ", lambda _: True)
    assert is_clean(repository)


def test_a_write_that_fails_half_way_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = small_repository(tmp_path)
    before = base_files(repository)
    after = dict(edited(before, {NEW: Edit(added=turtle("actor:x a mg:Actor ."))}))
    after[WHO] = ContentFile(WHO, before[WHO].content + b"# more\n")
    old = head(repository).id
    replace, calls = Path.replace, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal calls
        if target.suffix == ".ttl":
            calls += 1
            if calls == 2:
                raise OSError(28, os.strerror(28))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(EnvironmentProblem):
        merged(repository, Change(before, after))
    assert calls >= 2
    assert head(repository).id == old
    assert is_clean(repository)
    assert not (tmp_path / NEW).parent.exists()


def test_a_repository_without_a_commit_cannot_take_a_merge(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    change = adding(repository, "actor:x a mg:Actor .")
    with Repo(str(tmp_path)) as git:
        git.refs.set_symbolic_ref(b"HEAD", b"refs/heads/empty")  # type: ignore[arg-type]
    with pytest.raises(EnvironmentProblem):
        merged(repository, change)
    recover(repository)


def test_killed_anywhere_it_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    last = steps()
    chosen = sorted({1, last - 1, last, *range(3, last, max(1, last // 10))})
    outcomes = [case(tmp_path / str(step), step) for step in chosen]
    assert {"old", "new"} == set(outcomes)
    assert outcomes == sorted(outcomes, reverse=True)


def test_what_a_merge_answers_for_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that is renamed into place was synced before it, and its folder after it."""
    repository = small_repository(tmp_path)
    before = base_files(repository)
    after = dict(edited(before, {NEW: Edit(added=turtle("actor:x a mg:Actor ."))}))
    after[WHO] = ContentFile(WHO, before[WHO].content + b"# more\n")
    del after[ILO]
    events: list[tuple[str, str]] = []
    sync, rename, unlink, make = os.fsync, os.replace, Path.unlink, Path.mkdir

    def synced(descriptor: int) -> None:
        sync(descriptor)
        events.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))

    def renamed(source: str | Path, target: str | Path) -> None:
        assert ("sync", _named(source)) in events, f"{source} was not synced"
        rename(source, target)
        events.append(("name", _named(target)))

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if path.exists():
            events.append(("name", str(path)))
        unlink(path, missing_ok)

    def made(path: Path, *more: Any, **named: Any) -> None:
        make(path, *more, **named)
        events.append(("name", str(path)))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    monkeypatch.setattr(Path, "replace", lambda path, target: renamed(path, target))
    monkeypatch.setattr(Path, "unlink", unlinked)
    monkeypatch.setattr(Path, "mkdir", made)
    commit = merged(repository, Change(before, after)).commit
    monkeypatch.undo()

    assert commit is not None
    names = {name: at for at, (event, name) in enumerate(events) if event == "name"}
    for name, at in names.items():
        folder = ("sync", str(Path(name).parent))
        is_gone = not Path(name).parent.exists()
        assert folder in events[at:] or is_gone, f"the folder of {name} was not synced after it"
    objects = tmp_path / ".git/objects"
    expected = [
        *(objects / name[:2] / name[2:] for name in _objects_of(repository, commit)),
        *(tmp_path / name for name in (WHO, NEW, ".git/index", ".git/refs/heads/main")),
    ]
    assert len(expected) >= 9
    assert {str(path) for path in expected} <= names.keys()
    reference = names[str(tmp_path / ".git/refs/heads/main")]
    assert all(names[str(path)] < reference for path in expected if path.is_relative_to(objects))
    assert max(names.values()) == names[str(tmp_path / ".git/migov-merge.json")]


def _named(path: str | Path) -> str:
    return str(Path(os.fsdecode(path)).absolute())


def _objects_of(repository: Repository, commit: str) -> set[str]:
    """Return the objects that a commit brought."""
    with Repo(str(repository.root)) as git:
        found = git[commit.encode()]
        assert isinstance(found, Commit)
        missing = MissingObjectFinder(git.object_store, found.parents, [found.id])
        return {name.decode() for name, _ in missing}
