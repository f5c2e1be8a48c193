# Two commands: `make demo` shows the product, `make test` proves it. Both install what they need into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready-dev
SHOWN  := $(VENV)/.ready-demo
TESTS  ?= tests
# Else each of the four test processes, and each program that they start, compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick coverage chaos lowest dist constraints check docs reference format install tools clean

demo: $(SHOWN)
	@$(BIN)/kwtsms-bridge demo

test: $(READY) tools check docs
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(if $(CI),--durations=20) $(TESTS)

# What starts no program and opens no socket: no subprocess, bot, browser, PostgreSQL or chaos. Under
# 90 s on two cores. Nothing in it waits: a process for each core, and no file of journeys is loaded.
QUICK := (unit or integration) and not (postgres or network)
quick: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/pytest -q -n logical -m "$(QUICK)" --ignore=tests/journeys tests

# Branch coverage of `make quick` and of what opens sockets: programs are not traced, and thousands of
# numbers cover no further line. Line by line: .venv/bin/coverage report --show-missing.
UNCOVERED := --ignore=tests/client/test_numbering_data.py --ignore=tests/client/test_vectors.py
coverage: $(READY)
	@$(BIN)/pytest -q -n 4 -m "(unit or integration) and not postgres" --cov --cov-report= $(UNCOVERED) tests/bot tests/client tests/plugins; \
	  failed=$$?; $(BIN)/coverage json --quiet -o - | $(BIN)/python scripts/coverage_table; exit $$failed

# Kills, stalls and starves the real bot for about fifteen minutes: docs/chaos.md. SEED=n repeats a run.
chaos: $(READY)
	@CHAOS_SEED=$(SEED) $(BIN)/pytest -n 2 --dist loadgroup -o python_files="test_*.py chaos_*.py" tests/chaos

# The oldest versions that pyproject.toml allows, in an environment of their own; needs uv. Some of
# them leave a socket to the garbage collector.
lowest:
	@uv venv --quiet --clear --seed $(VENV)-lowest
	@uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct --editable '.[dev]'
	@$(VENV)-lowest/bin/pytest -W ignore::ResourceWarning -n auto --dist loadfile tests/client tests/plugins tests/bot tests/sandbox

# Wheel, source distribution, SBOM and sums into dist/, each checked in a new environment: docs/releasing.md.
dist:
	@$(PYTHON) scripts/build_dist

# Renews constraints.txt: the versions that the extras dev and dist resolve to today, without where they came from.
constraints:
	@rm -rf $(VENV)-constraints && $(PYTHON) -m venv $(VENV)-constraints
	@$(VENV)-constraints/bin/pip install --quiet --disable-pip-version-check '.[dev,dist]'
	@{ echo '# Made by `make constraints`: pip freeze of the extras dev and dist. Install with --constraint constraints.txt.'; \
	   $(VENV)-constraints/bin/pip freeze --exclude kwtsms-bridge | grep '^[A-Za-z0-9._-]*==' | LC_ALL=C sort -f; } > constraints.new
	@mv constraints.new constraints.txt && rm -rf $(VENV)-constraints

# The documentation site, in build/site; a dead link is an error.
docs: $(READY)
	@$(BIN)/python scripts/docs_site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean

# Renews docs/configuration.md from the types of config.yaml.
reference: $(READY)
	@$(BIN)/python scripts/generate_configuration

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

# The page's test needs Chromium, those of the bridge Alertmanager; without them these tests are
# skipped with the reason (in CI they fail).
tools:
	@scripts/install-browser
	@scripts/install-alertmanager

clean:
	rm -rf $(VENV) $(VENV)-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
