# `make help` lists the verbs. Everything lands in .venv, node_modules and .orderloom, all ignored by git.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .orderloom/stamps

.PHONY: help install run demo test check format bench soak schema screenshots lock clean-data clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

install: $(STAMPS)/python $(STAMPS)/assets ## Prepare .venv and the front-end assets

run: install ## Set everything up, load the demo world, start the program on a local port
	@$(BIN)/orderloom serve --demo

test: $(STAMPS)/python $(STAMPS)/assets ## Run every test
	$(BIN)/pytest -m "not soak"

check: $(STAMPS)/python ## Format, lint, types, the house's rules, fast tests: under a minute
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow and not browser and not soak" -x

format: $(STAMPS)/python ## Format the code
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

bench: install ## Measure: ratios from one run (JSON=1 prints them for programs)
	$(BIN)/orderloom bench $(if $(JSON),--json)

soak: install ## The long runs: chaos and random histories
	$(BIN)/pytest -m soak

schema: $(STAMPS)/python ## Dump schema.sql from the migrations
	$(BIN)/orderloom schema > src/orderloom/migrations/schema.sql.new
	mv src/orderloom/migrations/schema.sql.new src/orderloom/migrations/schema.sql

screenshots: install ## Photograph the pages into screenshots/
	$(BIN)/python -m tests.browser.photograph

lock: ## Pin the Python packages anew
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/run.in -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/dev.in -o requirements/dev.txt

clean-data: ## Throw the embedded database away
	rm -rf .orderloom/postgresql .orderloom/test

clean: clean-data ## Throw everything away that can be made again
	rm -rf .venv node_modules .orderloom src/orderloom/web/static/vendor

$(BIN)/python:
	@rm -rf .venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Orderloom needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv .venv

$(STAMPS)/python: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/assets: package.json package-lock.json | $(STAMPS)/python
	$(BIN)/python -m orderloom.web.assets
	@mkdir -p $(STAMPS) && touch $@
