# `make demo` and `make test` are all that a newcomer needs: each sets up its own environment first.
# Needs Python 3.11+, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export DO_NOT_TRACK := 1

.PHONY: help demo install install-dev test lint types layers unit golden nightly benchmarks clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: install  ## run the whole pipeline on the embedded digits, print the gain and where the report is
	@echo "gan-augment demo: about 5 minutes on 2 cores"
	dvc repro
	@gan-augment summary

install: $(VENV)/installed  ## the environment to run in

install-dev: $(VENV)/installed-dev  ## the environment to run the checks in

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("gan-augment needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

test: install-dev lint types layers unit  ## every check: style, types, layers, tests

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev
	$(BIN)/mypy

layers: install-dev
	$(BIN)/lint-imports

unit: install-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m 'not nightly'  # one thread a worker: two cores, two workers

golden: install-dev  ## take the help texts and error messages for right as they are now; then read the diff
	$(BIN)/python -m pytest -q tests/cli/test_golden.py --update-golden

nightly: install-dev  ## the slow tests too
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,nightly,ray]'
	$(BIN)/python -m pytest -m nightly --timeout 7000

clean:  ## remove the environment and everything that a run writes
	rm -rf $(VENV) .gan_augment data models predictions export reports dvc.lock
