PY := .venv/bin/python
ENV := .venv/ready
DEV := .venv/ready-for-tests
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
TESTS ?= tests

.PHONY: help demo serve test check chaos bench-webhooks bench-pages examples screenshots vendor fmt lock clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(ENV) ## Deploy an app to a local Hub and show it; ONCE=1 stops after it answered; APP=, PORT=, DATA=
	@$(PY) -m spaceport demo $(if $(ONCE),--once) $(if $(APP),--app "$(APP)") $(if $(PORT),--port "$(PORT)") $(if $(DATA),--data "$(DATA)")

serve: $(ENV) ## Run Spaceport with the settings of the environment and .env
	@$(PY) -m spaceport serve

# Three at a time on two cores: much of a test is waiting for programs.
test: $(DEV) ## Run the tests, with a Postgres and a Hub of their own; TESTS=tests/unit runs a part
	@scripts/browser
	@$(PY) -m pytest -n 3 -q $(TESTS)

check: $(DEV) ## What CI runs: format, lint, types, import contracts, tests
	@$(PY) -m ruff format --check
	@$(PY) -m ruff check
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(MAKE) --no-print-directory test

chaos: $(DEV) ## Blow a storm of kills, freezes and outages over 500 deployments; SEED=n repeats one
	@$(PY) -u -m tests.chaos $(if $(SEED),--seed $(SEED)) $(STORM)

bench-webhooks: $(DEV) ## Deliver 200 webhooks a second for a minute and print how fast they were answered
	@PYTHONPATH=src:. $(PY) -m benchmarks.webhooks $(SECONDS_AND_RATE)

bench-pages: $(DEV) ## Ask every page of the dashboard of a team with 1,000 Spaces and print how fast it came
	@PYTHONPATH=src:. $(PY) -m benchmarks.pages $(REQUESTS_AND_SPACES)

screenshots: $(DEV) ## Take a picture of every page of the dashboard, with Chromium, into docs/images
	@scripts/browser
	@$(PY) -m tests.browser.screenshots

vendor: $(ENV) ## Fetch the browser files that others made from the npm registry, and check their hashes
	@scripts/vendor

examples: $(DEV) ## Record the examples of the OpenAPI document anew, from what the tests of the API ask
	@RECORD_EXAMPLES=1 $(PY) -m pytest -q tests/api

fmt: $(DEV) ## Format the code and fix what can be fixed
	@$(PY) -m ruff format
	@$(PY) -m ruff check --fix

lock: $(ENV) ## Compile requirements.txt and requirements-dev.txt from pyproject.toml
	@$(PY) -m pip install --quiet uv
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove the environment and all caches; .data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

$(ENV): requirements.txt scripts/setup
	@scripts/setup requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(ENV)
	@scripts/setup requirements-dev.txt
	@touch $@
