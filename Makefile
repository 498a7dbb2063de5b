# Each target does its own set-up: a fresh machine needs Python 3.11, make and git.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help serve test check fix conformance bench campaign kills mutations hostile quality search assets wheel clean

help: ## What can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

serve: .venv/ready ## The endpoint on http://127.0.0.1:8000 (PORT= changes it)
	$(BIN)/migov serve --port $(PORT)

test: check ## Everything this machine can run; names what it leaves out
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup tests --ignore tests/conformance/suites
	$(MAKE) --no-print-directory conformance

check: .venv/ready ## Style, types, layers, layout, doctests, and that the content conforms; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/migov fmt --check
	$(BIN)/migov validate
	$(BIN)/python -m pytest -q server/migov

fix: .venv/ready ## Mend style where that is mechanical, and write the page of settings
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/migov fmt
	$(BIN)/python -m migov.settings server/SETTINGS.md

conformance: .venv/ready ## The W3C suites of SHACL, SPARQL, its updates and its protocols, misses by name
	$(BIN)/python -m pytest -q -n 2 tests/conformance/suites

bench: .venv/bench ## Requests a second beside Oxigraph and rdflib-endpoint; the gate beside pySHACL
	cd tests && ../$(BIN)/python -m benchmarks.throughput 1000000
	cd tests && ../$(BIN)/python -m benchmarks.gate_change 100000 1000000 --whole

campaign: .venv/ready ## 5,000 random changes: gate and whole validation must agree
	cd tests && ../$(BIN)/python -m benchmarks.gate_campaign 5000

kills: .venv/ready ## 1,000 merges killed at random points: nothing lost, nothing half applied
	cd tests && ../$(BIN)/python -m benchmarks.merge_kills 1000

mutations: .venv/ready ## 10,000 damaged records through the merge path, judged by the whole graph
	cd tests && ../$(BIN)/python -m benchmarks.merge_mutations 10000

hostile: .venv/ready ## 1,000 runaways in time; 100,000 hostile texts over HTTP: no end, no 500, no connection
	cd tests && ../$(BIN)/python -m benchmarks.runaways 1000
	cd tests && ../$(BIN)/python -m benchmarks.hostile 100000

search: .venv/ready ## The full-text index against a scan of the store, a million triples
	cd tests && ../$(BIN)/python -m benchmarks.search_speed 1000000

quality: .venv/ready ## Precision and recall of matching names, by threshold
	cd tests && ../$(BIN)/python -m benchmarks.link_quality
	cd tests && ../$(BIN)/python -m benchmarks.reconcile_speed
	cd tests && ../$(BIN)/python -m benchmarks.suggest_speed

closures: .venv/ready ## 2,000 random axioms and links: owlrl and the fast closure must agree
	cd tests && ../$(BIN)/python -m benchmarks.closure_cases 2000

assets: ## The shapes of the maps and the SPARQL editor, from npm (needs Node; the result is committed)
	cd server/browser && npm ci --no-audit --no-fund --ignore-scripts && npm run -s build

wheel: .venv/ready ## The wheel, in dist/
	$(BIN)/python -m build --wheel

clean: ## Everything that can be made again
	rm -rf .venv .cache build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bench: .venv/ready
	@$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

.venv/ready: pyproject.toml
	@echo "Setting up .venv (a minute or so) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@
