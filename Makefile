# Everything is run from here; `.ci/run` runs `make check`. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := PYTHONWARNDEFAULTENCODING=1 PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m pytest

.PHONY: help demo install test quick lint type smoke check prepared bench fuzz mutation docs clean

help:            ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

install: $(STAMP)  ## create .venv and install ivigcalc with what its tests need

demo: $(STAMP)     ## the main job: dermatomyositis, 72 kg, Octagam 10 %
	$(BIN)/ivigcalc schedule --regimen dermatomyositis --product octagam-10-us --weight 72kg --age 54y --start 2026-12-01 --at 09:00 --courses 2

test: $(STAMP)     ## all tests, fast ones first
	$(PYTEST) -n 2 -m "not slow"
	$(PYTEST) -n 2 -m slow

quick: $(STAMP)    ## only the fast tests
	$(PYTEST) -n 2 -q -m "not slow"

lint: $(STAMP)     ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(STAMP)     ## types, strict
	$(BIN)/mypy

smoke: $(STAMP)    ## the built wheel in a bare environment, without the dev dependencies
	$(BIN)/python tests/smoke.py

check: test lint type smoke  ## what CI runs

prepared: $(STAMP) ## the shipped definitions read and checked once, as in the wheel: a start that is as fast
	$(BIN)/python -m ivigcalc.library.prepared

bench: prepared    ## speed and memory, as ratios in one run; writes bench/RESULTS.md
	$(BIN)/python bench/run.py

fuzz: $(STAMP)     ## at least 100,000 hostile inputs
	-$(BIN)/pip install -q -c constraints.txt atheris  # guided by coverage where it installs
	$(BIN)/python fuzz/run.py --inputs 100000

mutation: $(STAMP) ## mutation testing of the dose core
	$(BIN)/pip install -q -c constraints.txt cosmic-ray
	$(BIN)/python fuzz/mutation.py

docs: $(STAMP)     ## rebuild the generated pages
	$(BIN)/python docs/build_reference.py

clean:           ## remove what make made
	rm -rf $(VENV) build dist mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
