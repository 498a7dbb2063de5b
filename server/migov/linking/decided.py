"""What was decided before: the pairs of all mapping sets, accepted and rejected."""

from __future__ import annotations

from migov.dataset.files import mapping_paths, read_file
from migov.dataset.mappings import MappingSet, read_mappings
from migov.repository import Repository


def mapping_sets(repository: Repository) -> list[MappingSet]:
    """Return the mapping sets of a repository by path; raises ContentSyntaxError."""
    return [read_mappings(read_file(path, repository.root)) for path in mapping_paths(repository)]


def decided_pairs(repository: Repository) -> set[tuple[str, str]]:
    """Return the pairs, ours and theirs by IRI, that somebody accepted or rejected."""
    return {(each.subject, each.object) for s in mapping_sets(repository) for each in s.mappings}
