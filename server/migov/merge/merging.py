"""One merge at a time: on the newest files, checked, written, committed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dulwich.file import FileLocked
from dulwich.graph import can_fast_forward
from dulwich.index import IndexEntry
from dulwich.objects import ObjectID
from dulwich.refs import Ref
from dulwich.repo import Repo

from migov.change.git import open_git, prefix_of
from migov.change.model import Change, Files, refuse_left_out
from migov.dataset import ContentFile
from migov.errors import (
    BusyError,
    ConflictError,
    EnvironmentProblem,
    Place,
    RefusedError,
    UncommittedError,
)
from migov.merge.files import (
    add_objects,
    blob_on_disk,
    break_locks,
    bring_files,
    forget,
    is_index_free,
    place_files,
    sync_reference,
    update_index,
)
from migov.merge.journal import Journal, journal_path, read_journal, write_journal, write_temporary
from migov.merge.plan import Plan, Written, blobs_here, head, head_files, plan
from migov.merge.rebase import rebase
from migov.repository import Repository

_WAIT = 60.0
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome: the commit, or None where the change did not pass or there was nothing to do.

    `change` is what was checked and written: the proposal, made for the files as they were then.
    """

    change: Change
    commit: str | None
    accepted: bool
    rebased: bool


class CommittedError(EnvironmentProblem):
    """A merge has happened, as `commit` (hex), and its files wait for whoever comes next."""

    def __init__(self, commit: str, why: object) -> None:
        super().__init__(
            f"Commit {commit} was made, and its files could not be written yet: {why}.",
            hint="Do not propose it again: once there is room, the next merge or start of a server "
            "writes them.",
        )
        self.commit = commit


class Turn:
    """The time in which nobody else merges into a working tree.

    `head` is the commit (hex) that a change has to be made for.
    """

    def __init__(self, git: Repo, repository: Repository) -> None:
        self._git = git
        self._repository = repository
        self.head: str = head(git)[1].decode()

    def files(self, known: Files) -> Files:
        """Return the dataset's files at `head`; `known` files are not read again."""
        return head_files(self._git, self._repository, known)

    def holds(self, path: str) -> bool:
        """Return whether the dataset has a file at `head`."""
        return path in blobs_here(self._git, self._repository)

    def write(self, files: Written, author: str, message: str) -> str:
        """Write files of the dataset, None for one to remove, and return their commit (hex).

        They are what a change of the files at `head` makes of those that it touches. Raises
        UncommittedError for files with edits of somebody else, BusyError or ConflictError where
        somebody works with git at the same moment, or EnvironmentProblem; CommittedError where it
        has happened nevertheless. After any of them, and after a crash at any point and `recover`,
        the files and the history are the old ones or the new.
        """
        git, repository = self._git, self._repository
        if not is_index_free(git):
            raise BusyError(
                "git is at work in this checkout: it holds the lock of its index.",
                hint="Try again when it is done. If no git command runs, remove .git/index.lock.",
            )
        planned = plan(git, repository, files, author, message)
        if planned.head.decode() != self.head:
            raise _overtaken()
        _refuse_dirty(git, repository, planned)
        try:
            _carry_out(git, repository, planned, files)
        except (OSError, FileLocked) as error:
            raise _unwritten(git, planned, error) from error
        return planned.commit.id.decode()


@contextmanager
def turn(repository: Repository) -> Iterator[Turn]:
    """Wait for one's turn to merge, and settle what a merge that was killed left behind.

    Two merges never run at once, in any process. Raises BusyError, UncommittedError in the middle
    of a merge or a rebase of git, or EnvironmentProblem.
    """
    with open_git(repository) as git, _alone(git):
        _recover(git, repository)
        _refuse_unfinished(git)
        yield Turn(git, repository)


def merge(
    repository: Repository,
    change: Change,
    author: str,
    message: str,
    check: Callable[[Change], bool],
) -> Merged:
    """Check a change against the files at HEAD, and write and commit it if it passes.

    Of two merges at once the second is made for the files that the first left, and checked on
    them. Raises ConflictError where it no longer fits, and what `turn` and `Turn.write` raise.
    """
    refuse_left_out(change)
    with turn(repository) as mine:
        now = mine.files(change.before)
        rebased = rebase(change, now)
        is_rebased = now != change.before
        if not rebased.touched:
            return Merged(rebased, None, accepted=True, rebased=is_rebased)
        if not check(rebased):
            return Merged(rebased, None, accepted=False, rebased=is_rebased)
        written = {path: _content(rebased.after.get(path)) for path in rebased.touched}
        commit = mine.write(written, author, message)
        return Merged(rebased, commit, accepted=True, rebased=is_rebased)


def _content(file: ContentFile | None) -> bytes | None:
    return None if file is None else file.content


def recover(repository: Repository) -> None:
    """Finish or forget a merge that was killed; the next merge does the same.

    Raises BusyError, or EnvironmentProblem.
    """
    with open_git(repository) as git, _alone(git):
        _recover(git, repository)


@contextmanager
def at_rest(repository: Repository) -> Iterator[Repo]:
    """Keep merges away while a working tree is looked at, without writing anything.

    What a merge that was killed left behind stays. Raises BusyError or EnvironmentProblem.
    """
    with open_git(repository) as git:
        if not _lock_path(git).exists():  # nobody ever merged here
            yield git
            return
        with _alone(git, "rb"):
            yield git


def recover_before_reading(repository: Repository) -> None:
    """Do as `recover`, where there is anything to do: one who only reads needs no git."""
    try:
        with open_git(repository) as git:
            is_unfinished = journal_path(git).exists()
    except EnvironmentProblem:  # not under git: nothing was ever merged here
        return
    if is_unfinished:
        recover(repository)


def _carry_out(git: Repo, repository: Repository, planned: Plan, files: Written) -> None:
    journal = Journal.of(planned, standing=_standing(repository, planned))
    write_journal(git, journal)
    try:
        add_objects(git, planned.objects)
        for path, content in files.items():
            if content is not None:
                write_temporary(repository.root / path, content)
        _move(git, planned, planned.head, planned.commit.id)
    except BaseException:
        _settle(git, repository, journal)
        raise
    try:
        sync_reference(git, planned.ref)
        place_files(repository, journal)
        update_index(git, repository, journal)
    except BaseException:
        journal = replace(journal, is_undone=True)
        write_journal(git, journal)
        _move(git, planned, planned.commit.id, planned.head)
        sync_reference(git, planned.ref)
        _settle(git, repository, journal)
        raise
    forget(git, repository, journal)


def _unwritten(git: Repo, planned: Plan, error: Exception) -> EnvironmentProblem:
    """Say what a merge came to that could not be written; to take it back needs room as well."""
    why = f"git holds {error.filename!r}" if isinstance(error, FileLocked) else error
    journal = None
    with suppress(EnvironmentProblem):
        journal = read_journal(git)
    if journal is not None and _has_happened(git, journal):
        try:
            sync_reference(git, planned.ref)
        except OSError as failure:
            why = failure
        else:
            return CommittedError(journal.commit, why)
    left = "Nothing was changed." if journal is None else "The next merge puts the files in order."
    return EnvironmentProblem(
        f"The change could not be written: {why}.",
        hint=f"{left} Is the disk full, or may this user not write there?",
    )


def _standing(repository: Repository, planned: Plan) -> tuple[str, ...]:
    """Return the files that are on disk already as the change has them: its author's own edits."""
    return tuple(
        path
        for path, (_, new) in planned.blobs.items()
        if blob_on_disk(repository.root / path) == (None if new is None else new.decode())
    )


def _move(git: Repo, planned: Plan, old: ObjectID, new: ObjectID) -> None:
    commit = planned.commit
    subject = commit.message.partition(b"\n")[0]
    if not git.refs.set_if_equals(
        planned.ref,
        old,
        new,
        committer=commit.committer,
        timestamp=commit.commit_time,
        timezone=0,
        message=b"commit: " + subject,
    ):
        raise _overtaken()


def _overtaken() -> ConflictError:
    return ConflictError("Someone committed at the same moment.", hint="Propose the change again.")


def _recover(git: Repo, repository: Repository) -> None:
    journal = read_journal(git)
    if journal is None:
        return
    try:
        break_locks(git, journal)
        _settle(git, repository, journal)
    except (OSError, FileLocked) as error:
        raise EnvironmentProblem(
            f"A merge that did not end could not be settled: {error}.",
            hint="Is the disk full, or may this user not write there? Nothing is lost: whoever "
            "comes next tries again.",
        ) from error


def _settle(git: Repo, repository: Repository, journal: Journal) -> None:
    """Bring the files to the side on which the reference is, and forget the journal."""
    if _has_happened(git, journal):
        bring_files(git, repository, journal)
    elif journal.is_undone:
        bring_files(git, repository, journal, back=True)
    forget(git, repository, journal)


def _has_happened(git: Repo, journal: Journal) -> bool:
    commit = ObjectID(journal.commit.encode())
    try:
        now = git.refs[Ref(journal.ref.encode())]
        return now == commit or (commit in git and can_fast_forward(git, commit, now))
    except KeyError:
        return False


def _lock_path(git: Repo) -> Path:
    return Path(os.fsdecode(git.controldir())) / "migov-merge.lock"


@contextmanager
def _alone(git: Repo, mode: Literal["wb", "rb"] = "wb") -> Iterator[None]:
    """Hold the lock of all merges into this working tree; it ends with its owner."""
    path = _lock_path(git)
    try:
        lock = path.open(mode)
    except OSError as error:
        raise EnvironmentProblem(f"{path} cannot be opened: {error.strerror}.") from error
    with lock:
        until = time.monotonic() + _WAIT
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > until:
                raise BusyError("Another merge is under way.", hint="Try again in a minute.")
            time.sleep(0.01)
        yield


def _refuse_unfinished(git: Repo) -> None:
    head(git)
    for name in _UNDER_WAY:
        if (Path(os.fsdecode(git.controldir())) / name).exists():
            raise UncommittedError(
                "git is in the middle of a merge or a rebase here.", hint="Finish that first."
            )


def _refuse_dirty(git: Repo, repository: Repository, planned: Plan) -> None:
    """Refuse files whose content on disk or in the index is neither the old nor the new one."""
    index = git.open_index()
    for path, blobs in planned.blobs.items():
        place = repository.root / path
        folder = place.parent
        while folder != repository.root:
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise RefusedError(
                    f"{path} does not lie in a folder of its own.", place=Place(path)
                )
            folder = folder.parent
        if place.is_symlink() or place.is_dir():
            raise RefusedError(f"{path} is not a plain file.", place=Place(path))
        on_disk = blob_on_disk(place)
        name = b"/".join((*prefix_of(git, repository), os.fsencode(path)))
        entry = index[name] if name in index else None  # noqa: SIM401 (not a dict)
        staged = entry.sha if isinstance(entry, IndexEntry) else None
        known = [None if blob is None else blob.decode() for blob in blobs]
        if on_disk not in known or staged not in blobs:
            raise UncommittedError(
                f"{path} has changes that are not committed.",
                place=Place(path),
                hint="Commit them or put them aside, and merge again.",
            )
