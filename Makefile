# Every target is one step that CI runs too. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
FLEET := fleet.yaml
OUT := out
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/.tools/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images for CI like to set it. Every process would then compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE

# Extra arguments for pytest: make test ARGS='-k cron'
ARGS ?=
# Half of the time of the real tools is waiting: one worker more than there are cores keeps them busy.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = $(BIN)/python -m pytest
IN_PARALLEL = --numprocesses=$(WORKERS) --dist=worksteal

RUN := .venv/installed
DEV := .venv/installed-dev
TOOLS := .tools/fetched
EDITOR := .tools/editor/installed

# Files with a shell's shebang, whatever their name.
SHELL_FILES = git ls-files --cached --others --exclude-standard -z | \
  xargs -0 awk 'FNR == 1 && /^\#!.*[\/ ](ba)?sh$$/ { print FILENAME } { nextfile }'

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(RUN) ## put backupgen and its dependencies, as pinned, into .venv

.PHONY: render
render: $(RUN) ## compile fleet.yaml into out/
	$(BIN)/backupgen render --fleet $(FLEET) --out $(OUT)

.PHONY: check
check: $(RUN) ## prove the fleet sound, and out/ to be what it says
	$(BIN)/backupgen check --fleet $(FLEET) --out $(OUT)

.PHONY: diff
diff: $(RUN) ## say what `make render` would change, in the words of backups
	$(BIN)/backupgen diff --fleet $(FLEET) --out $(OUT)

.PHONY: test
test: $(DEV) $(TOOLS) $(EDITOR) ## run the tests but the slow ones, the real tools included (ARGS=... goes to pytest)
	$(PYTEST) $(IN_PARALLEL) --hypothesis-profile=quick -m 'not slow' $(ARGS)

.PHONY: test-all
test-all: $(DEV) $(TOOLS) $(EDITOR) ## run every test, with all mutants and more examples
	$(PYTEST) $(IN_PARALLEL) --hypothesis-profile=all $(ARGS)

.PHONY: nightly
nightly: $(DEV) $(TOOLS) $(EDITOR) ## run every test, with other and ten times as many examples each time
	$(PYTEST) $(IN_PARALLEL) --hypothesis-profile=nightly $(ARGS)

.PHONY: coverage
coverage: $(DEV) $(TOOLS) $(EDITOR) ## run every test and list the lines and branches that none reaches
	$(PYTEST) $(IN_PARALLEL) --hypothesis-profile=all --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: lint
lint: $(DEV) ## check format, style, spelling and shell scripts
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/codespell
	@$(SHELL_FILES) | xargs $(BIN)/shellcheck

.PHONY: types
types: $(DEV) ## check types
	$(BIN)/mypy

.PHONY: test-types
test-types: $(DEV) ## check the types of tests, tools and benchmarks
	$(BIN)/mypy tests tools bench

.PHONY: arch
arch: $(DEV) ## check that stages import only earlier stages
	$(BIN)/lint-imports

.PHONY: fmt
fmt: $(DEV) ## format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: schema
schema: $(RUN) ## write the JSON schema of fleet.yaml
	$(BIN)/backupgen schema >fleet.schema.json.new
	mv fleet.schema.json.new fleet.schema.json

.PHONY: regen
regen: $(DEV) schema render docs ## write every generated file anew, then compare
	$(PYTEST) -m golden --regen-all $(ARGS)
	$(PYTEST) -m golden $(ARGS)

.PHONY: docs
docs: $(RUN) ## write the reference pages and pictures that are made from the code
	$(BIN)/python tools/docs.py
	$(BIN)/python tools/pictures.py
	$(BIN)/backupgen schedule --from 2026-11-29 --format svg >docs/schedule.svg.new
	mv docs/schedule.svg.new docs/schedule.svg

.PHONY: dist
dist: $(DEV) ## build sdist and wheel into dist/, and render with the wheel in a clean environment
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(PYTEST) tests/test_distribution.py

.PHONY: bench
bench: $(DEV) $(TOOLS) ## measure start-up, proof, scripts, and the cost beside helm's (FLEETS='10 100 1000')
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/schedule.py
	$(BIN)/python bench/wrapper.py
	$(BIN)/python bench/render.py $(FLEETS)

.PHONY: pins
pins: $(DEV) ## pin the newest versions of all dependencies
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command 'make pins' \
	  --output-file requirements/run.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --custom-compile-command 'make pins' \
	  --output-file requirements/dev.txt requirements/dev.in

.PHONY: ci
ci: lint types test-types arch check diff test-all ## all that CI checks; the tests build and try the wheel too

.PHONY: clean
clean: ## remove all that make put here
	rm -rf .venv .tools build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "backupgen needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "$(PYTHON) makes .venv"
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "Python's venv module is needed (Debian: the package python3-venv)" >&2; exit 1; }

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "pip installs what backupgen needs"
	$(BIN)/pip install --quiet --requirement requirements/run.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@echo "pip installs what the checks and tests need"
	$(BIN)/pip install --quiet --requirement requirements/dev.txt
	@touch $@

$(TOOLS): tools/fetch
	tools/fetch
	@mkdir -p $(@D)
	@touch $@

$(EDITOR): requirements/editor/package.json requirements/editor/package-lock.json $(DEV)
	@echo "npm installs the language server of editors"
	@mkdir -p $(@D)
	cp requirements/editor/package.json requirements/editor/package-lock.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent
	@touch $@
