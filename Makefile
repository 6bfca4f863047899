# PoseQueue: `make run` shows it, `make test` proves it; both set everything up by themselves.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   := .posequeue
READY  := $(VENV)/.ready
MODELS := $(DATA)/models/.ready

# your own file: make run CLIP=path EXERCISE=push_up; make run ONCE=1 ends after the job
CLIP     ?= tests/clips/squat_5.mp4
EXERCISE ?= squat
ONCE     ?=
PORT     ?= 0
# processes that share the tests: one more than cores, as many tests wait for servers and a browser
TESTERS  ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

export POSEQUEUE_DATA_DIR := $(DATA)
# nothing is written outside the project, whatever HOME is
export PIP_CACHE_DIR ?= $(CURDIR)/$(DATA)/cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# modules are compiled once, not by each process
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup models run test suite test-fast check hooks bench accuracy fuzz chaos audit sbom clips lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "PoseQueue needs Python 3.11 or newer (set PYTHON=...)"; exit 1; }
	@echo "setting up $(VENV) (locked, with hashes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable . --editable api/client
	@touch $@

$(MODELS): worker/pose/weights/registry.py | $(READY)
	@echo "installing the pose models (pinned, converted once)"
	@$(BIN)/posequeue models install
	@$(BIN)/posequeue doctor --no-servers
	@touch $@

setup: $(READY) $(MODELS) ## environment, ffmpeg, servers, models

models: $(MODELS)

run: setup ## start everything here, run a sample job, serve until Ctrl-C
	@$(BIN)/posequeue up --port $(PORT) --exercise "$(EXERCISE)" \
	  --clip "$(CLIP)" $(if $(ONCE),--once)

check: setup ## formatting, lint, types, import rules
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(DATA)/imports.log || { cat $(DATA)/imports.log; exit 1; }

test: setup ## all checks and tests
	@$(MAKE) --no-print-directory --jobs=2 check suite

suite: setup
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal $(PYTEST)

test-fast: $(READY) ## tests that need no server, no model and no browser
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal \
	  -m "not servers and not models and not browser and not slow" $(PYTEST)

hooks: setup ## run the linters before each commit
	@$(BIN)/pre-commit install

bench: setup ## measure, and write tests/bench/RESULTS.md and k8s/README.md's sizing
	@$(BIN)/python -m tests.bench.run
	@$(BIN)/python deploy/load/sizing.py --write

accuracy: setup ## counts, holds and jumps against the truth: tests/bench/ACCURACY.md
	@$(BIN)/python -m tests.bench.accuracy $(ACCURACY)

fuzz: setup ## hostile media, spoiled files for 10 minutes (FUZZ="--seconds 60"): tests/bench/HOSTILE.md
	@$(BIN)/python -m tests.chaos.fuzz $(FUZZ)

chaos: setup ## break it on purpose, with seeds, and count what is lost (CHAOS="--seeds 1"): RESULTS.md
	@$(BIN)/python -m tests.chaos.run $(CHAOS)

audit: setup ## ask OSV whether a locked package is known to be unsafe
	@$(BIN)/python deploy/supply.py audit

sbom: setup ## bill of materials (CycloneDX): .posequeue/sbom.json
	@$(BIN)/python deploy/supply.py sbom $(DATA)/sbom.json

clips: setup ## film tests/clips anew (installs numba and scipy)
	@$(BIN)/pip install --quiet --require-hashes -r requirements-athlete.lock
	@$(BIN)/python -m tests.synthetic.rendering.clips $(CLIPS)

lock: ## resolve requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --extra worker --extra cpu --extra otel --extra embedded --extra dev \
	  --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	  --custom-compile-command "make lock" --quiet --output-file requirements.lock
	@uv pip compile pyproject.toml --extra athlete --constraint requirements.lock \
	  --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	  --custom-compile-command "make lock" --quiet --output-file requirements-athlete.lock
	@uv pip compile pyproject.toml --extra worker --extra gpu --extra otel --extra embedded \
	  --constraint requirements.lock \
	  --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	  --custom-compile-command "make lock" --quiet --output-file deploy/docker/requirements-gpu.lock

clean: ## delete the environment; data stays
	@rm -rf $(VENV)
