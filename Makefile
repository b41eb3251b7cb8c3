# Everything starts here; `make demo` and `make test` need only Python 3.11+, git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.DEFAULT_GOAL := help
DURATION ?= 60
SEED     ?=
DB       ?= sqlite

.PHONY: crash proofs scale help demo test test-networks check format lint types imports bench golden picture lock clean

help:            ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 15

$(STAMP): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Clarion needs Python 3.11 or newer; say PYTHON=python3.12 make …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Clarion needs into $(VENV) (once) …"
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib src || true
	@touch $@

demo: $(STAMP)   ## the main job on local rehearsal networks
	@$(BIN)/clarion demo

test: $(STAMP)   ## the whole suite
	@$(BIN)/python -m pytest -q -n auto

check: format lint types imports test  ## what CI asks for

format: $(STAMP)
	@$(BIN)/ruff format --check .
lint: $(STAMP)
	@$(BIN)/ruff check .
types: $(STAMP)
	@$(BIN)/mypy
imports: $(STAMP)
	@$(BIN)/lint-imports

test-networks: $(STAMP) ## real servers (a Bluesky PDS, mastodon_mock) and the reference counters; needs Node ≥ 20 and npm
	@$(BIN)/python -m tests.networks_live.install
	@$(BIN)/python -m pytest -q tests/networks_live/servers.py tests/networks_live/logins.py
	@$(BIN)/python -m pytest -q tests/networks_live/drift.py

bench: $(STAMP)  ## ratios, measured inside one run
	@$(BIN)/python -m tests.bench.bench

scale: $(STAMP)  ## a million deliveries' plans; 3,000 posts on slow networks (4 minutes)
	@$(BIN)/python -m pytest -q -s tests/scale/plans.py tests/scale/throughput.py

crash: $(STAMP)  ## random kills for DURATION=60 seconds; SEED=… DB=sqlite|postgres
	@$(BIN)/python -m tests.crash run --duration $(DURATION) $(if $(SEED),--seed $(SEED)) --db $(DB)

proofs: $(STAMP) ## the whole table of kills, 16 publishers at once, the campaign in ten years (minutes)
	@$(BIN)/python -m tests.crash table --db sqlite
	@$(BIN)/python -m tests.crash table --db postgres
	@$(BIN)/python -m tests.crash recalls --db sqlite
	@$(BIN)/python -m tests.crash recalls --db postgres
	@$(BIN)/python -m tests.crash edits --db sqlite
	@$(BIN)/python -m tests.crash edits --db postgres
	@$(BIN)/python -m pytest -q tests/crash/prove_overlap.py tests/crash/prove_short.py tests/crash/prove_postgres.py tests/publishing/prove_storm.py \
	  tests/trial/prove_no_secret_shows.py tests/publishing/prove_watch_databases.py tests/cli/prove_years.py

golden: $(STAMP) ## write golden texts and docs/checks.md anew; then read what changed: git diff
	@CLARION_GOLDEN=renew $(BIN)/python -m pytest -q tests/campaign/test_golden_posts.py tests/composing/test_compose.py tests/docs

picture: $(STAMP) ## draw the README's picture anew, from the demo
	@$(BIN)/clarion demo --picture docs/demo.svg

lock: $(STAMP)   ## write requirements-dev.lock and the servers' own anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --no-emit-find-links --extra dev --extra postgres --extra keyring \
	  --output-file requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --no-emit-find-links \
	  --output-file tests/networks_live/mastodon/requirements.lock tests/networks_live/mastodon/requirements.in

clean:           ## remove what was made here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
