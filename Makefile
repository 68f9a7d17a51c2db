# Each command sets up what it needs in .venv, once, with the versions of constraints.txt.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Run in a folder without .env: Dagster would let that replace the environment.
DAGSTER := $(CURDIR)/$(BIN)/dagster

# .env may name the data folder; the environment wins.
DATA_DIR ?= $(or $(shell sed -nE "s/^ *(export +)?DATA_DIR *= *['\"]?([^'\"\#]*[^'\"\# ]).*/\2/p" .env 2>/dev/null | tail -n 1),data)
export DATA_DIR
export DAGSTER_HOME = $(abspath $(DATA_DIR))/dagster

.DEFAULT_GOAL := help
.PHONY: help demo demo-ui dev sync check suggest preview test lint format docs bench

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-9s %s\n", $$1, $$2 }'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, this is %d.%d; try: make PYTHON=python3.12" % sys.version_info[:2])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	@mkdir -p $(DAGSTER_HOME)
	@cp dagster.yaml $@

demo: $(READY) ## The whole pipeline against a sample Sentry, no account needed; run it twice
	@$(BIN)/python -m pipelines.demo

demo-ui: $(READY) ## The Dagster UI over the demo's data, with the sample Sentry running
	@exec $(BIN)/python -m pipelines.demo --ui --port $(PORT)

dev: $(READY) $(DAGSTER_HOME)/dagster.yaml ## The Dagster UI on 127.0.0.1, PORT=3000: schedule, lineage, checks
	@cd $(DAGSTER_HOME) && exec $(DAGSTER) dev -h 127.0.0.1 -p $(PORT) -m pipelines.definitions

sync: $(READY) $(DAGSTER_HOME)/dagster.yaml ## One sync now, against the Sentry of .env
	@cd $(DAGSTER_HOME) && exec $(DAGSTER) job execute -m pipelines.definitions -j sync_sentry

check: $(READY) ## Check the CSVs in seeds/: every mistake at once
	@$(BIN)/python -m pipelines.catalog check

preview: $(READY) ## What the CSVs in seeds/ would change in what is published
	@$(BIN)/python -m pipelines.catalog preview

suggest: $(READY) ## Rows to paste for projects without a product
	@$(BIN)/python -m pipelines.catalog suggest

test: lint ## All that CI runs: lint, types, tests
	@$(BIN)/pytest -n 2 --dist loadfile

lint: $(READY) ## ruff, mypy --strict, sqlfluff and dbt-bouncer
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt_project
	@$(BIN)/sqlfluff lint --disable-progress-bar --templater raw docs/queries
	@$(BIN)/dbt --quiet parse --target lint --project-dir dbt_project --profiles-dir dbt_project
	@found=$$($(BIN)/dbt-bouncer run --show-all-failures --config-file dbt_project/dbt-bouncer.yml 2>&1) || { echo "$$found"; exit 1; }

format: $(READY) ## Put Python and SQL into shape
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/sqlfluff fix --disable-progress-bar --quiet dbt_project

docs: $(READY) ## Write docs/tables.md from the descriptions of the dbt models
	@$(BIN)/python docs/generate_tables.py

bench: $(READY) ## How fast, against a floor or a peer
	@failed=0; for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || failed=1; done; exit $$failed
