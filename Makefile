# One command each; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

help:  ## what there is to run
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/.installed  ## build .venv from the hashed lock

.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (Debian, Ubuntu: apt-get install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing (Debian, Ubuntu: apt-get install python3-venv)."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-build.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.installed requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: install  ## core, kiosk and display with simulated visitors on PORT (8000) and the two above; data in DATA (var/demo)
	@exec $(BIN)/queue-service demo

check: .venv/.dev  ## format, lint, strict types, import contracts, catalogues
	$(BIN)/python -m tests.run checks

test: .venv/.dev  ## every check and every test, side by side
	$(BIN)/python -m tests.run

bench: .venv/.dev  ## every promise of speed in one table: ratios, taken in one run on this machine (minutes; wants it quiet)
	$(BIN)/python -m tests.bench $(BENCH)

packages: .venv/.installed  ## wheel and sdist of this release in dist/
	$(BIN)/python -m hatchling build

docs: .venv/.dev  ## rewrite what the documents say of the code
	$(BIN)/python -m tests.docs
	$(BIN)/queue-service openapi --output docs/openapi.json

pictures: .venv/.dev  ## take the README's pictures of every page (needs Chromium)
	$(BIN)/python -m tests.pictures

LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:  ## rewrite the locks: of a checkout, and of each kind of machine (needs uv)
	$(LOCK) pyproject.toml --all-extras -o requirements.lock
	$(LOCK) pyproject.toml --all-extras --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group pyproject.toml:build -c requirements-dev.lock -o requirements-build.lock
	$(LOCK) pyproject.toml --extra core -c requirements.lock -o deploy/locks/core.lock
	$(LOCK) pyproject.toml --extra kiosk -c requirements.lock -o deploy/locks/kiosk.lock
	$(LOCK) pyproject.toml --extra display -c requirements.lock -o deploy/locks/display.lock

.PHONY: help install demo check test bench packages docs pictures lock
