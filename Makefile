# One environment, .venv, serves every target. pip checks each download against the hashes of the
# requirement files, so a fresh machine gets the very packages that were tested.
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough; `make PYTHON=/path/to/python …` chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest -rs
# Files of real servers that take longest: begun first, so that no process is left with one at the end.
LONGEST := $(addprefix tests/,cds_service/test_server.py test_packaging.py browser cds_service/launch)
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

.PHONY: help setup demo check lint unit test integration audit bench soak docs picture lock wheel clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Build .venv with everything that the other targets need.

demo: $(VENV)/.run ## Start the service on http://127.0.0.1:5000 with sample patients.
	$(BIN)/backpath demo

check: $(VENV)/.dev ## Run ruff, mypy, import-linter and the tests without sockets (under a minute).
	@$(MAKE) --no-print-directory --jobs=2 lint unit

test: check integration ## Run the whole suite, real servers included: what CI runs (under ten minutes).

lint: $(VENV)/.dev ## Run ruff, mypy and import-linter.
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy .ci
	$(BIN)/lint-imports

unit: $(VENV)/.dev ## Run the tests that need no socket.
	$(PYTEST) -n auto --dist loadfile -m "not integration and not soak" --disable-socket --allow-unix-socket \
		--junitxml=build/unit.xml

integration: $(VENV)/.dev ## Run the tests that start real servers on loopback.
	$(PYTEST) -n 3 --dist loadfile -m "integration and not soak" --junitxml=build/integration.xml \
		$(LONGEST) tests

audit: $(VENV)/.dev ## Ask whether a pinned package has a known vulnerability.
	@$(BIN)/python .ci/audit.py

bench: $(VENV)/.dev ## Measure CPU a request beside the floors; fails when a bar is missed.
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## Run the long forms: the soak tests, then the benchmark with more rounds.
	$(PYTEST) -m soak
	$(BIN)/python -m bench --long

docs: $(VENV)/.dev ## Write the pages that are made from the knowledge again.
	$(BIN)/python -m docs.generate

picture: $(VENV)/.dev ## Take the picture of the workbench in the README; needs Chromium.
	$(BIN)/python -m docs.picture

lock: $(VENV)/.dev ## Pin the newest allowed packages, with hashes for every platform.
	$(LOCK) --upgrade pyproject.toml -o requirements.txt
	$(LOCK) --upgrade --group build -c requirements.txt -o requirements-build.txt
	$(LOCK) --upgrade pyproject.toml --group dev -c requirements.txt -c requirements-build.txt -o requirements-dev.txt

wheel: $(VENV)/.dev ## Build the wheel into dist/.
	$(BIN)/python -m hatchling build -t wheel

clean: ## Remove .venv and everything that was built.
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# An environment without pip (uv makes such) gets one; a half-made environment is removed.
$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "Backpath needs Python 3.11 or newer: none was found on the PATH." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip > /dev/null
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements.txt requirements-build.txt pyproject.toml
	@echo "Installing what the service needs into $(VENV)"
	$(PIP) install --require-hashes -r requirements.txt -r requirements-build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing what tests and checks need into $(VENV)"
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
