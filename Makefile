# make run    the simulator and console at http://127.0.0.1:8000, on a database of its own
# make test   make check, then every test
# make check  format, lint, types, import contracts
# make bench  what things cost, as ratios measured in one run
# make format puts the code in shape
.DEFAULT_GOAL := help
.PHONY: help run test check bench format

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --compile-bytecode

help:
	@grep '^# make' Makefile | cut -c3-

$(STAMP): pyproject.toml deploy/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gridbot needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv==$$(sed -n 's/^uv==//p' deploy/constraints.txt)"
	@$(UV) -c deploy/constraints.txt -e . --group dev
	@touch $@

run: $(STAMP)
	@$(BIN)/gridbot demo

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(STAMP)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test: check
	@deploy/chromium
	@$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(STAMP)
	@[ -z "$$GRIDBOT_EVALUATION" ] || $(UV) -c deploy/constraints.txt --group bench || echo "the baseline cannot be installed"
	@$(BIN)/python -m tests.bench
