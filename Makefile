# Two commands: `make demo` shows the product, `make test` proves it. Both install what they need into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready-dev
SHOWN  := $(VENV)/.ready-demo
TESTS  ?= tests
# Else each of the four test processes, and each program that they start, compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test chaos lowest check format install browser clean

demo: $(SHOWN)
	@$(BIN)/kwtsms-bridge demo

test: $(READY) browser check
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTS)

# Kills, stalls and starves the real bot for about ten minutes: docs/chaos.md. SEED=n repeats a run.
chaos: $(READY)
	@CHAOS_SEED=$(SEED) $(BIN)/pytest -n 2 --dist loadgroup -o python_files="test_*.py chaos_*.py" tests/chaos

# The oldest versions that pyproject.toml allows, in an environment of their own; needs uv. Some of
# them leave a socket to the garbage collector.
lowest:
	@uv venv --quiet --clear $(VENV)-lowest
	@uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --editable '.[dev]'
	@$(VENV)-lowest/bin/pytest -W ignore::ResourceWarning -n auto --dist loadfile tests/client tests/bot tests/sandbox

check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "Run 'make format' to mend the formatting."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

install: $(READY)

# Made again only when the dependencies change. The demo needs fewer of them.
$(SHOWN): pyproject.toml
	@scripts/install "$(PYTHON)" "$(VENV)" bot,apprise,sandbox
	@touch $@

$(READY): pyproject.toml
	@scripts/install "$(PYTHON)" "$(VENV)" dev
	@touch $(SHOWN) $@

# The page's test needs Chromium; without it that test is skipped with the reason (in CI it fails).
browser:
	@scripts/install-browser

clean:
	rm -rf $(VENV) $(VENV)-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
