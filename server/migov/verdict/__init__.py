"""What a change means, in one verdict: the same on the command line, over HTTP and in Python.

`judge.verdict(repository, change)` puts together what the change says (`migov.change`), the
findings that it introduces, leaves and fixes (`migov.gate`), what follows and no longer follows,
what becomes of the canned queries, what was not checked, and the policy of the repository.
`render.render` writes it. `asked.Verdicts` has a process of its own do all that, for texts from
outside; so that the server does not load the validators, the modules are imported one by one.
"""
