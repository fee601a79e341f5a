# Python writes its bytecode: without it every start of Airflow takes twice as long.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPATH := $(CURDIR)/plugins:$(CURDIR)

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help env demo stop test bench chaos mutations lint dictionary lock sbom audit clean

help:  ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

env: $(READY)  ## Make the environment from the lock

$(READY): requirements.txt requirements-uv.txt
	@echo "making the environment from requirements.txt"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Tieout needs Python 3.11; PYTHON=/path/to/python3.11 make env")'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode requirements.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "tieout.pth").write_text("$(CURDIR)/plugins\n$(CURDIR)\n")'
	@touch $(READY)

demo: $(READY)  ## Run the whole pipeline against a simulated Amazon and show what tied out
	@$(BIN)/python -m demo up

stop:  ## Stop everything that the demo started
	@if test -x $(BIN)/python; then $(BIN)/python -m demo stop; else echo "nothing was started"; fi

test: $(READY)  ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(READY)  ## Measure speed and memory, as ratios within one run
	@$(BIN)/python benchmarks/parse_settlements.py
	@$(BIN)/python benchmarks/load_settlements.py
	@$(BIN)/python benchmarks/daily_run_with_history.py
	@TIEOUT_BUDGET_SCALE=40 $(BIN)/python -m pytest tests/faults/test_budget.py -k hundred -s

chaos: $(READY)  ## Run the pipeline under faults, damage and 300 kills, and compare with a quiet run
	@$(BIN)/python -m demo chaos

mutations: $(READY)  ## Read 100,000 damaged files of all kinds: each is refused for a reason, or read rightly
	@$(BIN)/python -m tests.reports.mutations

lint: $(READY)  ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dictionary: $(READY)  ## Write docs/data-dictionary.md from the SQL models
	@$(BIN)/python -m tieout.warehouse.dictionary > docs/data-dictionary.md

LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header

lock: $(READY)  ## Write the locks from requirements*.in
	@$(LOCK) requirements.in -o requirements.txt
	@for name in production s3 uv; do \
	  $(LOCK) -c requirements.txt requirements-$$name.in -o requirements-$$name.txt; \
	done

sbom: $(READY)  ## Write sbom.json: every package of production with its hashes, in CycloneDX
	@$(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements-production.txt -o sbom.json

audit: $(READY)  ## Ask PyPI for known vulnerabilities of every package of production; what cannot be asked fails
	@$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes -r requirements-production.txt

clean: stop  ## Stop the demo and remove its files
	@rm -rf .tieout
