# Each command sets up what it needs in .venv, once: the very files whose hashes stand in requirements/.
PYTHON ?= python3
PORT ?= 3000
# Programs of the virtual environment are started as modules: their own first line cannot hold every path.
RUN := .venv/bin/python
READY := .venv/.ready
DEVELOPMENT := .venv/.ready-for-development
BROWSER := .venv/.ready-for-a-browser
SPARK := .venv/.ready-for-spark
# What has no wheel: halo of dbt-metricflow, the rest of Spark.
WHEELS := --only-binary :all: $(addprefix --no-binary=,halo pure-sasl pyhive pyspark thrift)
# Nothing is built but what has no wheel, and that with the setuptools that is pinned: isolation would fetch another.
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	$(WHEELS)
COMPILE = UV_CUSTOM_COMPILE_COMMAND='make pins' $(RUN) -m uv pip compile --quiet pyproject.toml $(UPGRADE) \
	--universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url $(WHEELS)

.DEFAULT_GOAL := help
.PHONY: help demo demo-ui dev pages sync doctor init check suggest preview notify-preview publications rollback backup restore spark test test-browser test-spark test-fast lint lint-types lint-models format pins docs bench

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

$(READY): pyproject.toml requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, this is %d.%d; try: make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes --requirement requirements/run.txt
	$(INSTALL) --editable .
	@touch $@

$(DEVELOPMENT): $(READY) requirements/development.txt
	$(INSTALL) --require-hashes --requirement requirements/development.txt
	@touch $@

$(BROWSER): $(DEVELOPMENT) requirements/browser.txt
	$(INSTALL) --require-hashes --requirement requirements/browser.txt
	@touch $@

$(SPARK): $(READY) requirements/spark.txt
	$(INSTALL) --require-hashes --requirement requirements/spark.txt
	@touch $@

demo: $(READY) ## The whole pipeline against a sample Sentry, no account needed; run it twice
	@$(RUN) -m pipelines demo

demo-ui: $(READY) ## The pages and the Dagster UI over the demo's data, with the sample Sentry running
	@exec $(RUN) -m pipelines demo --ui --port $(PORT)

dev: $(READY) ## The Dagster UI on 127.0.0.1, PORT=3000: schedule, lineage, checks
	@exec $(RUN) -m pipelines dev --port $(PORT)

pages: $(READY) ## The web pages over what is published, on 127.0.0.1:8000: products, teams, issues, trends
	@exec $(RUN) -m pipelines.pages

sync: $(READY) ## One sync now, against the Sentry of .env
	@exec $(RUN) -m pipelines sync

doctor: $(READY) ## What is right and wrong: settings, server, token, files, schedule. Before a first sync
	@$(RUN) -m pipelines doctor

init: $(READY) ## A draft of the CSVs in seeds/ from your own Sentry; never overwrites
	@$(RUN) -m pipelines init

check: $(READY) ## Check the CSVs in seeds/: every mistake at once
	@$(RUN) -m pipelines check

preview: $(READY) ## What the CSVs in seeds/ would change in what is published
	@$(RUN) -m pipelines preview

notify-preview: $(READY) ## What each row of seeds/recipients.csv would have been sent last week
	@$(RUN) -m pipelines notify-preview

suggest: $(READY) ## Rows to paste for projects without a product
	@$(RUN) -m pipelines suggest

publications: $(READY) ## What is published, and the earlier publications that are kept
	@$(RUN) -m pipelines publications

rollback: $(READY) ## Put the publication before back, or LABEL=20261123T060000Z
	@$(RUN) -m pipelines rollback $(LABEL)

backup: $(READY) ## A copy of everything in BACKUP_DIR, also while things run
	@$(RUN) -m pipelines backup

restore: $(READY) ## Put the newest backup back, or BACKUP=20261123T060000Z; the present goes aside
	@$(RUN) -m pipelines restore $(BACKUP)

spark: $(SPARK) ## The same models on a Spark cluster on this machine, compared with DuckDB's. Needs Java 17
	@$(RUN) -m pipelines spark

test: lint ## All that CI runs: lint, types, tests
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-browser: $(BROWSER) ## The pages in Chromium: clicks, accessibility, phones, print. Needs Chromium
	@$(RUN) -m pytest tests/browser

test-spark: $(DEVELOPMENT) $(SPARK) ## The models on Spark: equal to DuckDB's, also after kills. Needs Java 17
	@$(RUN) -m pytest tests/spark --timeout 1800

test-fast: $(DEVELOPMENT) ## The tests that take some two minutes, without whole pipelines
	@$(RUN) -m pytest -n 2 -m 'not slow'

lint: $(DEVELOPMENT) ## ruff, mypy --strict, import fences, sqlfluff, the conventions of the models, complete pins
	@$(RUN) -m pip check --disable-pip-version-check > /dev/null || $(RUN) -m pip check
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(MAKE) --no-print-directory --jobs 2 lint-types lint-models

lint-types:
	@$(RUN) -m mypy
	@$(RUN) -c 'from importlinter.cli import lint_imports_command as run; run()' --no-cache --no-logo

lint-models:
	@$(RUN) -m sqlfluff lint --disable-progress-bar dbt_project
	@$(RUN) -m sqlfluff lint --disable-progress-bar --templater raw docs/queries
	@$(RUN) -m sqlfluff lint --disable-progress-bar --templater placeholder pipelines/pages/queries
	@$(RUN) -c 'from pipelines.models import manifest; manifest()'
	@found=$$($(RUN) -c 'from dbt_bouncer.main import app; app()' run --show-all-failures --config-file dbt_project/dbt-bouncer.yml 2>&1) || { echo "$$found"; exit 1; }

format: $(DEVELOPMENT) ## Put Python and SQL into shape
	@$(RUN) -m ruff check --fix --quiet .
	@$(RUN) -m ruff format --quiet .
	@$(RUN) -m sqlfluff fix --disable-progress-bar --quiet dbt_project

pins: $(DEVELOPMENT) ## Renew requirements/ after a change of pyproject.toml; UPGRADE=--upgrade takes the newest versions
	@$(RUN) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) - --output-file requirements/run.txt
	@$(COMPILE) --extra dev --constraint requirements/run.txt --output-file requirements/development.txt \
		$$(sed -n 's/^\([a-z][^=]*\)==.*/--no-emit-package \1/p' requirements/run.txt)
	@$(COMPILE) --extra browser --constraint requirements/run.txt --constraint requirements/development.txt --output-file requirements/browser.txt \
		$$(sed -n 's/^\([a-z][^=]*\)==.*/--no-emit-package \1/p' requirements/run.txt requirements/development.txt)
	@$(COMPILE) --extra spark --constraint requirements/run.txt --constraint requirements/development.txt --output-file requirements/spark.txt \
		$$(sed -n 's/^\([a-z][^=]*\)==.*/--no-emit-package \1/p' requirements/run.txt)

docs: $(READY) ## Write docs/tables.md from the descriptions of the dbt models
	@$(RUN) docs/generate_tables.py

bench: $(DEVELOPMENT) ## How fast, against a floor or a peer
	@failed=0; for file in benchmarks/bench_*.py; do echo "== $$file"; $(RUN) $$file || failed=1; done; exit $$failed
