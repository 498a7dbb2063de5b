"""migov: a git-native knowledge graph of migration governance.

The layers, from the ground up: `vocabulary` and `errors`; `settings` and `repository`; `dataset`;
`inference` and `snapshot`; `engine`; `catalogue`, `gate`, `dumps` and `entities`; `protocol`;
`cli` and `web`. A module imports only from layers below its own.
"""

__version__ = "0.1.0"
