"""Files → quads: which file is which named graph, what it says, and the digest of it all."""

from migov.dataset.files import (
    ContentFile,
    content_files,
    digest,
    graph_iri,
    is_uncommitted,
    shape_files,
)
from migov.dataset.parse import in_graph, read_quads

__all__ = [
    "ContentFile",
    "content_files",
    "digest",
    "graph_iri",
    "in_graph",
    "is_uncommitted",
    "read_quads",
    "shape_files",
]
