# Two commands: `make quickstart` runs the main job on real code, `make test` passes the tests.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: quickstart test test-slow lint format lock docs clean

quickstart: .venv/ready
	$(BIN)/neve run recipes/quickstart.toml

test: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadgroup --max-worker-restart 0

# What takes many minutes, or needs a browser; run by hand, its result noted in docs/log.md.
test-slow: .venv/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy neve
	$(BIN)/zensical build --clean --strict

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The environment: exact versions from the lock, two installers at a time; then what this machine needs beside them
# (CUDA's libraries), Neve itself, and the sandbox. Python compiles what is imported when it is imported: all of it
# here would take twice as long.
.venv/ready: requirements.lock pyproject.toml scripts/sandbox.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Neve needs Python 3.11 or newer; name one with: make PYTHON=python3.11 ...")'
	@echo "setting up .venv from requirements.lock, a minute or two"
	@$(PYTHON) -m venv .venv
	@xargs -P 2 -n 60 $(BIN)/python -m pip install --quiet --quiet --no-compile --no-deps < requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --no-compile --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --no-deps --no-build-isolation --editable .
	@sh scripts/sandbox.sh
	@touch $@

# Writes the lock again from what is installed in .venv.
lock:
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -viE '^(pip|wheel|neve)==|@ file' | sed 's/^\(torch==[^+]*\)+.*/\1/' > requirements.lock

# The documentation as a site, in build/site; `make lint` builds it too and fails on a broken link.
docs: .venv/ready
	$(BIN)/zensical build --clean --strict

clean:
	rm -rf .venv
