"""`python -m migov.cli`."""

from migov.cli.app import main

main()
