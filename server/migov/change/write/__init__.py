"""Triples into Turtle files: what is not touched keeps every byte."""

from migov.change.write.files import Edit, edited
from migov.change.write.writer import write

__all__ = ["Edit", "edited", "write"]
