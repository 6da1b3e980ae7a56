# The two commands are `make demo` and `make test`. Everything they install goes into this folder: .venv and .build.
# On Debian as root, `make test` also installs shellcheck and Chromium with apt.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ESTATE ?= distributed-simple
WORKERS ?= 2
PYTEST_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
BIN := $(abspath $(VENV)/bin)
STAMP := .build/stamps
COLLECTION := ansible_collections/scom/upgrade
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

export ANSIBLE_HOME := $(abspath .build/ansible)
export ANSIBLE_NOCOWS := 1
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help:
	@echo 'make demo [ESTATE=name]  simulate an estate, then discover, plan, upgrade and verify it with ansible-playbook'
	@echo 'make test                everything: lint, ansible-test sanity, unit tests, runs on the lab, the figures'
	@echo 'make lint | sanity | units | lab-tests    parts of it'
	@echo 'make molecule            the molecule scenario: create, converge, idempotence, verify, destroy, on the lab'
	@echo 'make docs                generated pages: figures, and the plan in the README'
	@echo 'make build               the collection as a tarball in .build'
	@echo 'make clean               remove what make made, the environment too; reports stay'

# --- the environment ---------------------------------------------------------------------------------------------------

.PHONY: environment
environment: $(STAMP)/environment

$(STAMP)/environment: requirements-test.txt
	@mkdir -p $(STAMP)
	@test -n "$(PYTHON)" || { echo 'Python 3.11 is needed, and no python3.11 or python3 was found' >&2; exit 1; }
	@test -x $(PY) || { $(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 is needed (3.12 and 3.13 may do); set PYTHON=")' \
	    && echo 'environment: making .venv' && $(PYTHON) -m venv $(VENV); }
	@echo 'environment: installing requirements-test.txt'
	@$(PY) -m pip install -qq --requirement requirements-test.txt
	@touch $@

.PHONY: system
system: $(STAMP)/system

$(STAMP)/system: tests/tools/system.sh
	@mkdir -p $(STAMP)
	@sh tests/tools/system.sh
	@touch $@

# --- the demonstration -------------------------------------------------------------------------------------------------

.PHONY: demo
demo: environment
	@$(PY) -m tests.tools.demo --estate $(ESTATE)

# --- the tests ---------------------------------------------------------------------------------------------------------

.PHONY: test
test: environment system
	@$(PY) -m tests.tools.figures --clear
	@$(MAKE) --jobs=2 --keep-going --output-sync=target lint sanity
	@$(PYTEST)
	@$(PY) -m tests.tools.figures

LINTS := lint-ruff lint-mypy lint-yaml lint-changelog lint-ansible

.PHONY: lint $(LINTS)
lint: $(LINTS)

lint-ruff: environment
	@ruff check --quiet --output-format concise .
	@echo 'lint: ruff finds nothing'

lint-mypy: tree
	@cd .build/tree && mypy --config-file $(COLLECTION)/pyproject.toml --cache-dir ../mypy --no-error-summary \
	    -p ansible_collections.scom.upgrade.plugins.module_utils -p ansible_collections.scom.upgrade.plugins.plugin_utils
	@echo 'lint: mypy finds nothing'

lint-yaml: environment
	@yamllint --strict .
	@echo 'lint: yamllint finds nothing'

lint-changelog: tree
	@cd .build/tree/$(COLLECTION) && antsibull-changelog lint
	@echo 'lint: antsibull-changelog finds nothing'

lint-ansible: tree
	@cd .build/tree/$(COLLECTION) && ANSIBLE_COLLECTIONS_PATH=$(abspath .build/tree) ansible-lint --offline --strict --nocolor

.PHONY: tree
tree: environment
	@$(PY) -m tests.tools.tree >/dev/null

.PHONY: sanity
sanity: environment system
	@echo 'sanity: ansible-test sanity'
	@$(PY) -m tests.tools.sanity

.PHONY: units
units: environment
	@$(PYTEST) tests/unit

.PHONY: lab-tests
lab-tests: environment
	@$(PYTEST) -m 'lab or engine'

.PHONY: molecule
molecule: environment
	@molecule test

# --- what is generated, built and removed ------------------------------------------------------------------------------

.PHONY: docs
docs: environment
	@$(PY) -m tests.tools.figures --write
	@$(PY) -m tests.docs_generator
	@$(MAKE) readme-plan

.PHONY: readme-plan
readme-plan: environment
	@$(PY) -m tests.tools.readme

.PHONY: build
build: tree
	@cd .build/tree/$(COLLECTION) && ansible-galaxy collection build --force --output-path $(abspath .build)

.PHONY: clean
clean:
	rm -rf .venv .build .lab .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis
