"""The command line: `migov serve | query | validate | info | fmt | new | export`.

Exit codes: 0 done, or conforms; 1 does not conform; 2 could not run.
"""

from migov.cli.app import main

__all__ = ["main"]
