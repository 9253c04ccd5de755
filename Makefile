# `make` builds the deck and the sheet of `content/` into `output/`; `make help` says the rest.

PYTHON ?= python3
VENV   ?= .venv
DESKTOP ?= .venv-desktop
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := build
.PHONY: build check test test-desktop lint types wheel bench measure pictures readme lock clean help

build: $(VENV)/.ready ## verify content/, then write its deck and its sheets to output/
	$(BIN)/proofdeck build content -o output

check: $(VENV)/.ready ## verify content/ and write nothing
	$(BIN)/proofdeck check content

test: $(VENV)/.ready-for-tests ## run the tests
	$(BIN)/python -m pytest -n auto

test-desktop: $(DESKTOP)/.ready ## try the add-on and the cards in the real Anki, offscreen (downloads Qt)
	$(DESKTOP)/bin/python tests/desktop_addon.py $(BIN)/proofdeck output/desktop
	$(BIN)/python tests/demonstration.py output/desktop/cards.apkg
	$(DESKTOP)/bin/python tests/desktop_cards.py output/desktop/cards.apkg output/desktop/cards

lint: $(VENV)/.ready-for-tests ## look for faults of style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-for-tests ## check the types
	$(BIN)/mypy

wheel: $(VENV)/.ready ## build the distribution into dist/
	$(PIP) wheel . --no-deps --no-build-isolation --wheel-dir dist

bench: $(VENV)/.ready-for-tests ## print what a build and the judging cost, as ratios
	$(BIN)/python tests/benchmarks/startup.py
	$(BIN)/python tests/benchmarks/judging.py

measure: $(VENV)/.ready-for-tests ## measure the kernels, and write the figures into their page
	$(BIN)/python tests/measure.py

pictures: $(VENV)/.ready-for-tests build ## draw the README's pictures anew (needs chromium and poppler-utils)
	rm -rf output/demonstration && cp -r tests/data/demonstration output/
	$(BIN)/proofdeck build output/demonstration -o output/demonstration --export html
	$(BIN)/python tests/pictures.py output/proofdeck.apkg \
	  output/demonstration/demonstration.html .github/pictures
	pdftoppm -r 130 -x 0 -y 0 -W 1075 -H 860 -singlefile -png \
	  output/interview-question-bank.pdf .github/pictures/sheet

readme: $(VENV)/.ready-for-tests ## write the generated parts of the README anew
	$(BIN)/python tests/readme.py

lock: $(VENV)/.ready-for-tests ## pin all dependencies anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.txt
	uv pip compile pyproject.toml --group build --group test --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o tests/requirements.txt
	uv pip compile --group desktop --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o tests/desktop-requirements.txt

clean: ## remove what was built, and the virtual environment
	rm -rf $(VENV) $(DESKTOP) dist .mypy_cache .pytest_cache .ruff_cache
	find output -mindepth 1 ! -name .gitignore -delete

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "proofdeck needs Python 3.11 or newer: make PYTHON=python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-for-tests: tests/requirements.txt $(VENV)/.ready
	$(PIP) install --require-hashes -r tests/requirements.txt
	@touch $@

$(DESKTOP)/.ready: tests/desktop-requirements.txt $(VENV)/.ready
	$(PYTHON) -m venv $(DESKTOP)
	$(DESKTOP)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@
