"""SPARQL 1.1 operations, media types, limits and errors: in → out, no sockets, no framework."""
