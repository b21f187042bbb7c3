# Verbs of this house. Each explains itself: `make help`.
# Needs python3 (3.11 or newer) and the network's package registries; everything else goes into .venv folders here.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c \
	'import sys, venv, ensurepip; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
PY := .venv/bin/python
PIP_ARGUMENTS := -qq --disable-pip-version-check --no-deps --require-hashes
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv-sam/bin/sam
WORKERS ?= 2
SCHEDULES ?= 54000
PORT ?=
PORT_ARGUMENT = $(if $(PORT),--port $(PORT))

.PHONY: help
help: ## Say what can be done here
	@grep -hE '^[a-z-]+%?:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: run
run: .venv/run.stamp ## Run the whole shop on this machine until Ctrl-C; PORT=8080 picks the port
	@$(PY) -m infra.tools.pages
	exec $(PY) -m infra.local $(PORT_ARGUMENT)

.PHONY: demo-buy
demo-buy: .venv/run.stamp ## Buy one card in the running shop, over HTTP and without a browser
	@$(PY) -m infra.local.demo_buy $(PORT_ARGUMENT)

.PHONY: demo-recharge
demo-recharge: .venv/run.stamp ## Buy a top-up whose first supplier charges it and answers nothing; WAY=refused, WAY=nobody for others
	@$(PY) -m infra.local.demo_recharge $(if $(WAY),--way $(WAY))

.PHONY: demo-reconcile
demo-reconcile: .venv/run.stamp ## Lose a payment in the running shop and let the night's reconciliation find it
	@$(PY) -m infra.local.demo_reconcile

.PHONY: reset
reset: ## Forget what the local shop remembers
	@rm -rf .local && echo "The local shop starts empty next time."

# ── proving ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Files in their order: by number of tests, the longest walks, one test each, would come last and keep one processor waiting.
.PHONY: test
test: .venv/dev.stamp ## Run all tests but load; WORKERS=1 for one after the other
	@$(PY) -m infra.tools.pages
	FAKA_SCHEDULES=$(SCHEDULES) $(PY) -m pytest -m "not load" --rights --durations 30 -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(PY) -m tests.simulation report

.PHONY: test-%
test-%: .venv/dev.stamp ## Run one ring, such as test-unit, test-e2e, test-browser
	@$(PY) -m infra.tools.pages
	$(PY) -m pytest -m "$*"

.PHONY: sim
sim: .venv/dev.stamp ## Walk through schedules of the whole shop; SCHEDULES=1000000 for a night, FIRST=0 is the first seed
	@$(PY) -m infra.tools.pages
	$(PY) -m tests.simulation walk --jobs $(WORKERS) --schedules $(SCHEDULES) $(if $(FIRST),--first $(FIRST))

.PHONY: report
report: .venv/dev.stamp ## What the last `make test` has explored, covered and left out; KEEP=1 puts the figures into the READMEs
	@$(PY) -m tests.simulation report $(if $(KEEP),--keep)
	$(if $(KEEP),$(PY) -m infra.tools.readme)

.PHONY: check
check: .venv/dev.stamp .venv-sam/sam.stamp .venv-checkov/checkov.stamp ## Lint, types, template, house rules
	@failed=()
	step() { local name="$$1"; echo "── $$name"; shift; "$$@" || failed+=("$$name"); }
	$(PY) -m infra.tools.pages
	step "ruff" .venv/bin/ruff check .
	step "ruff format" .venv/bin/ruff format --check .
	step "mypy --strict" infra/tools/types
	$(PY) -m infra.tools.whole
	step "cfn-lint" .venv/bin/cfn-lint template.whole.yaml
	step "sam validate --lint" env SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv-sam/bin/sam validate --lint --template template.whole.yaml
	step "checkov on the expanded template" $(PY) -m infra.tools.scan
	step "house rules" $(PY) -m pytest -q -m architecture tests/architecture
	if (($${#failed[@]})); then printf 'Not in order: %s\n' "$${failed[@]}"; exit 1; fi

.PHONY: bench
bench: .venv/dev.stamp ## Measure: writes build/bench.json and prints tables
	@$(PY) -m infra.tools.pages
	$(PY) -m infra.bench

.PHONY: bench-scale
bench-scale: .venv/dev.stamp ## Drive the shop against a model of DynamoDB; figures go into the READMEs, QUICK=1 only prints
	$(PY) -m infra.bench.scale $(if $(QUICK),--quick)

.PHONY: soak
soak: .venv/dev.stamp ## Buy for minutes while things break, and judge; MINUTES=5, BUYERS=32, SEED=7 repeats who does what and which fault falls
	@$(PY) -m infra.tools.pages
	$(PY) -m infra.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(BUYERS),--buyers $(BUYERS)) $(if $(SEED),--seed $(SEED)) $(if $(ORDERS_PER_CHECK),--orders-per-check $(ORDERS_PER_CHECK))

.PHONY: api
api: .venv/dev.stamp ## Write the API documents in infra/api from routes, fields and errors
	@$(PY) -m infra.tools.openapi

# ── shipping ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: build
build: .venv/dev.stamp .venv-sam/sam.stamp ## Build layers and functions for deployment; prints their sizes
	@python313=$$(infra/tools/find-python 3.13) || { echo "make build needs a Python 3.13: the layers' byte code must fit the runtime." >&2; exit 1; }
	$(PY) -m infra.tools.pages
	mkdir -p build/path && ln -sfn "$$python313" build/path/python3.13
	export PATH="$$PWD/build/path:$$PATH" FAKA_PIP="$$PWD/.venv/bin/python -m pip --disable-pip-version-check" PYTHONDONTWRITEBYTECODE=
	$(PY) -m infra.tools.whole
	$(SAM) build --parallel --template template.whole.yaml
	$(PY) -m infra.tools.sizes

.PHONY: lock
lock: ## Resolve the dependency groups of pyproject.toml anew (needs uv)
	@infra/tools/lock

.PHONY: clean
clean: ## Remove what was built and installed here
	@rm -rf build template.whole.yaml .aws-sam .venv .venv-sam .venv-checkov .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# ── environments: a stamp says which lock is installed ───────────────────────────────────────────────────────────────────

define install # folder, lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed (Debian: apt-get install python3-venv)." >&2; exit 1; }
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	echo "Installing $$(grep -c '^[A-Za-z0-9]' $(2)) packages of $(2) into $(1), once …"
	$(1)/bin/python -m pip install $(PIP_ARGUMENTS) -r $(2)
endef

.venv/run.stamp: requirements/run.txt
	$(call install,.venv,requirements/run.txt)
	touch $@

.venv/dev.stamp: requirements/dev.txt
	$(call install,.venv,requirements/dev.txt)
	touch .venv/run.stamp $@

.venv-sam/sam.stamp: requirements/sam.txt
	$(call install,.venv-sam,requirements/sam.txt)
	touch $@

.venv-checkov/checkov.stamp: requirements/checkov.txt
	$(call install,.venv-checkov,requirements/checkov.txt)
	touch $@
