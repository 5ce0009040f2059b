# Trueup: every way to run it on this machine. `make` alone lists the targets.
PYTHON ?= python3
ARGS ?=
export PYTHON
# Many processes of Python are started here: without kept bytecode each would compile all its sources anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev page test test-long failed lint lint-api unit contract integration browser chaos conformance campaign-switches campaign-histories demo campaign-budget campaign-page campaign-webhooks bench points nodes wheel wheel-check pictures reference client-python client-typescript support-row image image-simulator pin-images stack-check dashboards kubernetes-rules requirements clean

help: ## List the targets
	@echo 'make TARGET [ARGS="..."], where TARGET is one of:'
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## /  \1|/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

setup: ## Install what the demo needs: system packages, RabbitMQ, MongoDB, .venv, the page (a second run costs nothing)
	@deploy/local/install.sh
	@deploy/local/virtualenv.sh demo
	@admin_ui/build.sh

setup-dev: ## Install what tests and linters need, too
	@deploy/local/install.sh dev
	@deploy/local/virtualenv.sh dev
	@admin_ui/build.sh

page: ## Build the admin page into admin_ui/dist (part of setup)
	@admin_ui/build.sh

RUN := $(BIN)/python -m tests.run
ALL_TESTS := unit contract integration browser chaos

test: setup-dev ## Set up, then run style, types, imports and every test
	@$(RUN) lint types imports $(ALL_TESTS) $(ARGS)

test-long: setup-dev ## The full forms of tests that `make test` runs in a short one: storms, whole exports, campaigns
	@$(RUN) --full $(ALL_TESTS) $(ARGS)

failed: setup-dev ## Run just the tests again that failed in the last run
	@$(RUN) $(ALL_TESTS) -m "" --last-failed --last-failed-no-failures none $(ARGS)

lint: setup-dev ## Style, types (mypy --strict) and who may import whom
	@$(RUN) lint types imports

lint-api: setup-dev ## The API's description by the rules of Redocly (also part of the page's build) and Spectral (fetches its packages)
	@cd admin_ui && npm run --silent lint-api
	@cd deploy/lint_api && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && \
		node lint.mjs ../../admin_ui/generated/openapi.json

unit: setup-dev ## Tests without servers (ARGS="-k name" picks some, here and below)
	@$(RUN) unit $(ARGS)

contract: setup-dev ## Messages, HTTP API and GraphQL against their descriptions
	@$(RUN) contract $(ARGS)

integration: setup-dev ## Tests on a private RabbitMQ and MongoDB
	@$(RUN) integration $(ARGS)

browser: setup-dev ## The admin page in Chromium, all services running; pictures in .run/screenshots
	@$(RUN) browser $(ARGS)

chaos: setup-dev ## Tests that kill, freeze and restart the servers
	@$(RUN) chaos $(ARGS)

conformance: setup-dev ## The simulator against recordings: the kept ones, or those of a certification (RECORDINGS=DIR)
ifdef RECORDINGS
	@$(BIN)/python -m simulator.replay --recordings "$(RECORDINGS)" $(if $(OPEN_POINTS),--open-points "$(OPEN_POINTS)") $(ARGS)
else
	@$(BIN)/python -m pytest tests/simulator/conformance -q $(ARGS)
endif

campaign-switches: setup-dev ## Random histories under all 64 combinations of open points (SEEDS=200 for each, FIRST=0; OPEN_POINTS=FILE: that one)
	@TRUEUP_OPEN_POINTS="$(abspath $(OPEN_POINTS))" TRUEUP_SWITCH_SEEDS=$(or $(SEEDS),200) TRUEUP_SWITCH_FIRST_SEED=$(or $(FIRST),0) \
		$(BIN)/python -m pytest tests/integration/switches -q -m "" --timeout 0 $(ARGS)

campaign-histories: setup-dev ## Random histories of the whole protocol, no servers (HISTORIES=50000), and all planted mistakes
	@TRUEUP_HISTORIES=$(or $(HISTORIES),50000) $(BIN)/python -m pytest tests/unit/world/test_no_sale_lost.py -q -m "" $(ARGS)

demo: setup ## Start everything with a demo shop in drift and open the walkthrough (ONCE=1: run it without a person)
	@$(BIN)/python -m deploy.local.demo $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

campaign-budget: setup-dev ## 10,000 BOMs at 20 locations in drift under the Standard plan; points, waits, memory (takes long)
	@$(BIN)/python -m benchmarks.campaign_budget $(ARGS)

campaign-page: setup-dev ## The page with 10,000 BOMs at 20 locations in Chromium: waits, long frames, heap (takes minutes)
	@$(BIN)/python -m benchmarks.page.campaign $(ARGS)

campaign-webhooks: setup-dev ## Lost, doubled, reordered webhooks, restarts, a kill (WEBHOOKS=50000 BOMS=500 LOCATIONS=4 SEED=1; ~15 min)
	@$(BIN)/python -m benchmarks.webhooks.campaign --webhooks $(or $(WEBHOOKS),50000) --boms $(or $(BOMS),500) \
		--locations $(or $(LOCATIONS),4) --seed $(or $(SEED),1) $(ARGS)

bench: setup-dev ## What cells and webhooks cost, beside peers (QUICK=1: 3 minutes; ONLY=cells,small; REPEAT=5 RESUME=1 RECORD=1)
	@benchmarks/peers/install.sh
	@$(BIN)/python -m benchmarks.bench $(if $(ONLY),--only "$(ONLY)") $(if $(REPEAT),--repeat $(REPEAT)) \
		$(if $(filter-out 0,$(QUICK)),--quick) $(if $(filter-out 0,$(RESUME)),--resume) \
		$(if $(filter-out 0,$(TABLES)),--tables) $(if $(filter-out 0,$(RECORD)),--record) $(ARGS)

points: setup-dev ## Points of the call budget per changed cell, for both prices of `nodes`, beside a peer
	@$(BIN)/python -m benchmarks.points $(ARGS)

nodes: setup ## Start a private RabbitMQ and MongoDB, print their addresses, run until Ctrl-C
	@$(BIN)/python -m deploy.local.nodes $(ARGS)

wheel: setup-dev ## Build dist/trueup-VERSION.whl with the page inside
	@admin_ui/build.sh
	@rm -rf dist
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

wheel-check: wheel ## Install the wheel into an empty environment and run everything from it
	@$(BIN)/python -m pytest tests/release -q $(ARGS)

image: wheel ## Build the image trueup:latest from the wheel (ARGS="--build-arg BASE_IMAGE=…")
	@docker build --file deploy/Dockerfile --tag trueup:latest $(ARGS) .

image-simulator: ## Build the image of the simulator upon trueup:latest, to try the compose stack against
	@docker build --file deploy/simulator.Dockerfile --tag trueup-simulator:latest $(ARGS) .

pin-images: ## Look up the digests of the images of deploy/ and write them to deploy/images.env (needs docker, crane or skopeo)
	@$(PYTHON) deploy/release/pin_images.py

stack-check: setup-dev ## Bring up deploy/compose.yaml with the images of the environment and run a job through it
	@$(BIN)/python -m pytest tests/stack -q --timeout 600 $(ARGS)

dashboards: setup-dev ## Write deploy/grafana/dashboards/*.json anew from the code
	@$(BIN)/python -m deploy.grafana

kubernetes-rules: setup-dev ## Write the PrometheusRule of deploy/kubernetes anew from deploy/prometheus
	@$(BIN)/python -m deploy.kubernetes.rules

pictures: setup-dev ## Make the pictures of the merchant's guide anew from the running page
	@$(BIN)/python -m pytest tests/pictures -q -p no:xdist $(ARGS)

reference: setup-dev ## Write docs/reference/*.md anew from the code
	@$(BIN)/python -m deploy.reference

client-python: setup-dev ## Generate a typed client for Python from the API's description, into .run/clients/trueup-client
	@deploy/clients/python.sh

client-typescript: setup-dev ## Generate types for TypeScript from it, into .run/clients/trueup.d.ts
	@deploy/clients/typescript.sh

support-row: setup-dev ## Run what tells of versions, and write its row into docs/support-matrix.md (PYTHON=python3.13, or given servers)
	@tests/support_matrix/run.sh $(ARGS)

requirements: ## Pin the dependencies anew, with hashes (ARGS=--upgrade moves them to their newest versions)
	@mkdir -p .run && $(PYTHON) -m venv .run/uv && .run/uv/bin/python -m pip install --quiet uv
	@requirements/compile.sh "$(CURDIR)/.run/uv/bin/uv" $(ARGS)

clean: ## Remove .venv, run folders and caches
	rm -rf .venv .run admin_ui/node_modules admin_ui/dist admin_ui/generated .cache/pytest .cache/ruff .cache/mypy .cache/import-linter .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
