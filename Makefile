# make demo   the main job on a made-up platform, ending in a report and its verification
# make test   everything CI runs
# Both make .venv from the locked versions in requirements/ on their first call, and need no network after that.

PYTHON ?= python3
WORKERS ?= 2
PY := .venv/bin/python
READY := .venv/.ready
export NUMBA_CACHE_DIR := $(CURDIR)/.venv/numba

.PHONY: demo test test-slow lint wheel bench bench-honest docs lock clean

demo: $(READY)
	$(PY) -m cotrace demo --out demo

test: lint wheel
	$(PY) -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: $(READY)
	$(PY) -m pytest -n $(WORKERS) --dist worksteal

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m mypy

# The wheel, built and run without the source tree and without any extra.
wheel: $(READY)
	rm -rf build/wheel && mkdir -p build/wheel
	$(PY) -m hatchling build -t wheel -d build/wheel > /dev/null
	$(PY) -m pip install --quiet --no-deps --no-index --target build/wheel/site build/wheel/*.whl
	cd / && PYTHONPATH=$(CURDIR)/build/wheel/site $(CURDIR)/$(PY) -P $(CURDIR)/tests/run_wheel.py $(CURDIR)/build/wheel/site

# docs/performance.md, docs/cluster.md and docs/results.md, an hour; PEERS=/venv/bin/python names a Python with the tools it is compared with.
bench: $(READY)
	$(PY) benchmarks/performance.py
	$(PY) benchmarks/cluster.py
	$(PY) benchmarks/real.py

# How often innocents are accused, whom it misses, what evasion costs: hours; each resumes where it stood.
bench-honest: $(READY)
	$(PY) benchmarks/chance.py
	$(PY) benchmarks/honesty.py
	$(PY) benchmarks/evasion.py
	$(PY) benchmarks/prevalence.py
	$(PY) benchmarks/calibration.py

# Everything in docs/ and README that a command can make: pictures of the demo's pages, tables of results.
docs: $(READY) demo
	$(PY) docs/pictures.py demo/case

# After changing dependencies in pyproject.toml (needs uv; the files name no registry).
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	$(LOCK) --all-extras pyproject.toml -o requirements/run.txt
	$(LOCK) --all-extras --group dev pyproject.toml -c requirements/run.txt -o requirements/dev.txt

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cotrace needs Python 3.11 or newer; $(PYTHON) is older. Name another:  make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

clean:
	rm -rf .venv build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
