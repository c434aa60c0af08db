# Two commands: `make talk` runs the main job, `make test` passes the tests. Both do all the set-up first.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
INSTALLED := $(VENV)/.installed
FOR_TESTS := $(VENV)/.installed-for-tests
PAGE := src/visavis/server/page/index.html

.PHONY: talk serve test test-slow lint format bench setup page sheets clips clean help

help:            ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14

talk: setup      ## set everything up, start it and open the page
	@$(BIN)/visavis talk

serve: setup     ## the same without opening a browser
	@$(BIN)/visavis serve

setup: $(INSTALLED) page  ## everything the first conversation needs; a second run is instant
	@$(BIN)/visavis setup

page: $(INSTALLED)  ## build the web client into the package
	@$(BIN)/python scripts/build_page.py

test: $(FOR_TESTS) setup chromium livekit-server  ## all quick tests
	@cd web && npm run --silent test
	@$(BIN)/pytest -q -m "not slow"

test-slow: $(FOR_TESTS) setup chromium livekit-server  ## soaks and what else takes minutes
	@$(BIN)/pytest -q -m slow

.PHONY: chromium livekit-server
chromium:
	@bash scripts/find_chromium.sh

livekit-server:  ## the real LiveKit server for the tests: found, or built once (two minutes, needs Go)
	@scripts/livekit-server --path >/dev/null || true

lint: $(FOR_TESTS)  ## ruff, mypy, import-linter, eslint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=src $(BIN)/lint-imports --no-cache
	@cd web && npm run --silent lint && npm run --silent check

format: $(FOR_TESTS)  ## put the code in order
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: setup     ## the measured table of this machine
	@$(BIN)/visavis bench

soak: setup      ## half an hour of conversation in a real LiveKit room: drift and memory
	@$(BIN)/python -m visavis.bench.soak --minutes 30

sheets: setup    ## contact sheets of the people, into docs/sheets
	@for who in nova milo; do $(BIN)/visavis sheet $$who --out docs/sheets; done

clips: setup     ## clips of the people talking, listening and thinking, into docs/clips
	@$(BIN)/python scripts/record_clips.py

$(INSTALLED): pyproject.toml constraints.txt
	@echo "  setting up the Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit("visavis needs Python 3.11 or newer; name one with PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e . hatchling  # the latter builds the page
	@touch $@

$(FOR_TESTS): $(INSTALLED)
	@echo "  setting up what the tests need in $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

clean:           ## remove what was built here
	rm -rf $(VENV) web/node_modules src/visavis/server/page dist
