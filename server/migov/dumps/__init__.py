"""The whole dataset as files: RDF in several formats, CSV tables, checksums, and what they hold.

Everything is written from a snapshot alone. The same snapshot gives the same bytes.
"""

from migov.dumps.description import Written, describe_dataset
from migov.dumps.files import DumpFile, dump_files, write_dump, write_dumps

__all__ = ["DumpFile", "Written", "describe_dataset", "dump_files", "write_dump", "write_dumps"]
