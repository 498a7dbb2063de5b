"""Files → quads: which file is which named graph, what it says, and the digest of it all."""

from migov.dataset.files import (
    ContentFile,
    blob_name,
    content_files,
    digest,
    digest_of,
    graph_iri,
    holds_graph,
    is_turtle,
    is_uncommitted,
    read_file,
    shape_files,
)
from migov.dataset.parse import in_graph, read_quads

__all__ = [
    "ContentFile",
    "blob_name",
    "content_files",
    "digest",
    "digest_of",
    "graph_iri",
    "holds_graph",
    "in_graph",
    "is_turtle",
    "is_uncommitted",
    "read_file",
    "read_quads",
    "shape_files",
]
