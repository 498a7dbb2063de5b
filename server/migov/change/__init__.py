"""A proposed change: read in any format, always files before → files after."""

from migov.change.diff import Diff, GraphDiff, diff
from migov.change.entities import EntityChange, EntityChanges
from migov.change.git import base_files, files_change, working_change
from migov.change.model import Change, Files, files_now
from migov.change.patch import patch
from migov.change.read.formats import FORMATS, format_of, read_change

__all__ = [
    "FORMATS",
    "Change",
    "Diff",
    "EntityChange",
    "EntityChanges",
    "Files",
    "GraphDiff",
    "base_files",
    "diff",
    "files_change",
    "files_now",
    "format_of",
    "patch",
    "read_change",
    "working_change",
]
