PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup test
setup:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --no-build-isolation --no-deps -e .
test: setup
	$(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/pytest
