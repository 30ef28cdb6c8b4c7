# Everything is run from here; `.ci/run` runs `make check`. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := PYTHONWARNDEFAULTENCODING=1 PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m pytest
# from words to exact doses, vials and rates, and the published examples: what is most likely to have broken
CORE   := -m "not slow" --ignore-glob=*/test_properties_* tests/test_examples.py tests/test_quantity.py tests/test_text.py tests/definitions tests/request tests/engine

.PHONY: help demo install test fast quick pythons lint type smoke check prepared dist bundle single release changelog bench fuzz mutation docs site pictures clean

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

test: fast         ## all tests, fast ones first
	$(PYTEST) -n 2 -m slow

fast: $(STAMP)     ## all fast tests
	$(PYTEST) -n 2 -m "not slow"

quick: lint        ## style and the core of the tests, in half a minute: before every commit
	$(PYTEST) -n 2 -q $(CORE)

pythons: $(STAMP)  ## the core of the tests under each Python from 3.11 to 3.14 that is found
	$(PYTHON) tests/pythons.py $(CORE)

lint: $(STAMP)     ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(STAMP)     ## types, strict
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/windows  # nothing that Windows has not

smoke: $(STAMP)    ## what is handed out, made and started where there is nothing else
	$(BIN)/python tests/smoke.py

check: test lint type smoke  ## what CI runs

dist: $(STAMP)     ## source archive and wheel, the same bytes for the same commit
	$(BIN)/python release/make.py dist

bundle: $(STAMP)   ## dist/ gets a folder for a machine without internet (FOR="--platform win_amd64 --python-version 3.12")
	$(BIN)/python release/make.py bundle $(FOR)

single: $(STAMP)   ## dist/ gets one file that starts without being installed
	$(BIN)/python release/make.py single

release: $(STAMP)  ## all that is handed out, with what is inside, where it comes from, and the hashes
	$(BIN)/python release/make.py all

changelog: $(STAMP) ## what changes/ will say in CHANGELOG.md
	$(BIN)/towncrier build --draft --version next

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

docs: $(STAMP)     ## rebuild the generated pages, and what the documents show that commands print
	$(BIN)/python docs/build_reference.py
	$(BIN)/python docs/build_manual.py
	$(BIN)/python docs/build_formats.py
	$(BIN)/python docs/build_counts.py
	$(BIN)/python docs/build_examples.py

site: $(STAMP)     ## the pages as a site in build/site, to be browsed without a server or a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

pictures: $(STAMP) ## make the pictures of the README anew
	$(BIN)/python docs/build_pictures.py

clean:           ## remove what make made
	rm -rf $(VENV) build dist mutants .venv-pythons .pytest_cache .mypy_cache .ruff_cache .hypothesis
