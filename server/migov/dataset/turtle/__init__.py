"""The layout of Turtle files: tokens → statements with their comments → the house style."""

from migov.dataset.turtle.format import format_turtle

__all__ = ["format_turtle"]
