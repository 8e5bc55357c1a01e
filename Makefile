# run: play   test, lint: check a change   bench: measure   clean: start afresh
# Each makes what it needs in .venv first. PYTHON chooses the interpreter: make run PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench clean

run: $(VENV)/run.stamp
	exec $(BIN)/twistd -n --pidfile= gamesrv $(ARGS)

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2
	$(BIN)/python -m twisted.trial tests.trial

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict gamesrv

bench: $(VENV)/peers.stamp
	$(BIN)/python bench/run.py
	for each in bigtwo_rules bigtwo_rooms bigtwo_bots packets lockstep views world storage durable recovery; do \
		echo; echo "# $$each"; $(BIN)/python bench/$$each.py || exit 1; \
	done

clean:
	rm -rf $(VENV) bench/peers/node_modules build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache _trial_temp*
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -f twisted/plugins/dropin.cache

# A stamp says that .venv has what its name needs: "run" nothing but the package, "test" and "lint" an extra.
$(VENV)/%.stamp: setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "gamesrv needs Python 3.11 or later; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) can't make virtual environments: install its venv module (Debian: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(EXTRA)'
	@touch $@

# What the benchmarks compare with: as much of it as can be had here.
$(VENV)/peers.stamp: $(VENV)/run.stamp
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check picows websockets
	-npm install --silent --no-save --no-package-lock --prefix bench/peers ws
	@touch $@

$(VENV)/test.stamp: EXTRA := [test]
$(VENV)/lint.stamp: EXTRA := [lint]
