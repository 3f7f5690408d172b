# `make help` lists the verbs. Everything lands in .venv, node_modules and .orderloom, all ignored by git.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
WEB := src/orderloom/web
PACKAGES := .venv/installed
ASSETS := $(WEB)/static/vendor/.stamp
PAGES := $(wildcard $(WEB)/templates/*.html $(WEB)/templates/*/*.html $(WEB)/static/*.js)

.PHONY: help install run test check format bench soak schema screenshots lock clean-data clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

install: $(PACKAGES) $(ASSETS) ## Prepare .venv and the front-end assets

run: install ## Set everything up, load the demo world, start the program on a local port
	@$(BIN)/python -m compileall -q src/orderloom
	@$(BIN)/orderloom serve --demo

test: $(PACKAGES) $(ASSETS) ## Run every test
	$(BIN)/pytest -m "not soak" -n $(JOBS) --dist worksteal

check: $(PACKAGES) ## Format, lint, types, the house's rules, tests without a database: about a minute
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/pytest -m "not database and not slow and not browser and not soak" -n $(JOBS) --dist worksteal -x

format: $(PACKAGES) ## Format the code
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

bench: install ## Measure: ratios from one run (JSON=1 prints them for programs)
	$(BIN)/orderloom bench $(if $(JSON),--json)

soak: install ## The long runs: chaos and random histories
	$(BIN)/pytest -m soak

schema: $(PACKAGES) ## Write schema.sql from the migrations, and the JSON Schemas of files
	@mkdir -p docs/schemas .orderloom
	$(BIN)/orderloom schema > .orderloom/schema.new && mv .orderloom/schema.new src/orderloom/migrations/schema.sql
	$(BIN)/orderloom schema order > .orderloom/schema.new && mv .orderloom/schema.new docs/schemas/order.json
	$(BIN)/orderloom schema catalogue > .orderloom/schema.new && mv .orderloom/schema.new docs/schemas/catalogue.json

screenshots: install ## Photograph the pages into screenshots/
	$(BIN)/python -m tests.browser.photograph

lock: ## Pin the Python packages anew
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/run.in -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/dev.in -o requirements/dev.txt

clean-data: ## Throw the embedded database away
	@for folder in .orderloom/postgresql .orderloom/test; do \
	  note="$$folder/data/postmaster.pid"; \
	  if [ -f "$$note" ]; then kill -QUIT "$$(head -1 "$$note")" 2>/dev/null; sleep 1; fi; \
	  if [ -L "$$folder" ]; then rm -rf "$$(readlink -f "$$folder")"; fi; \
	  rm -rf "$$folder"; \
	done

clean: clean-data ## Throw everything away that can be made again
	rm -rf .venv node_modules .orderloom src/orderloom/web/static/vendor

# The stamps lie in what they vouch for: whoever removes it, or stops the set-up half-way, gets it made again.
$(PACKAGES): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Orderloom needs Python 3.11 or newer; name one with make PYTHON=...")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@echo "Installing the Python packages ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/orderloom
	@touch $@

$(ASSETS): package-lock.json $(WEB)/assets.py $(WEB)/trim.py $(PAGES) | $(PACKAGES)
	@echo "Installing the front-end packages ..."
	@$(BIN)/python -m orderloom.web.assets
	@touch $@
