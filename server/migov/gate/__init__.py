"""Whether triples may join the graph: documents from outside, SHACL, and what SHACL does not see.

Its modules are imported one by one, so that whoever formats a file does not wait for pySHACL:
`documents` (any RDF → quads → rdflib), `validation` (SHACL → `report`), `serialise` (reports as
JSON and Turtle), `affected` (what a change can make better or worse), `checks` (files, names,
literals, links, sources, people, duplicates), `explain` (a finding told to people), `honesty`
(what follows, what contradicts) and `coverage` (what was not checked).
"""
