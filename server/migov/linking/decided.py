"""What was decided before: the pairs of all mapping sets, accepted, rejected and left open."""

from __future__ import annotations

from collections.abc import Iterable

from migov.dataset import ContentFile
from migov.dataset.files import MAPPINGS, mapping_paths, read_file
from migov.dataset.mappings import MappingSet, read_mappings
from migov.repository import Repository


def mapping_sets(repository: Repository) -> list[MappingSet]:
    """Return the mapping sets of a repository by path; raises ContentSyntaxError."""
    return sets_among(read_file(path, repository.root) for path in mapping_paths(repository))


def sets_among(files: Iterable[ContentFile]) -> list[MappingSet]:
    """Return the mapping sets among files, in their order; raises ContentSyntaxError."""
    return [read_mappings(file) for file in files if file.path.endswith(MAPPINGS)]


def decided_pairs(sets: Iterable[MappingSet], *, again: bool = False) -> set[tuple[str, str]]:
    """Return the pairs, ours and theirs by IRI, that somebody decided on.

    A pair that was left open counts as well, unless open questions are to be looked at `again`.
    """
    return {
        (each.subject, each.object)
        for one in sets
        for each in one.mappings
        if not (again and each.is_open)
    }
