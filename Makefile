# Two commands are enough: `make demo` and `make test`. Each builds its environment first; all it needs is python3 (3.11 or newer) with pip and venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
UPGRADE ?= --upgrade
# Many tests wait for a server or a browser: three processes keep two cores busy.
WORKERS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit cover conformance integration bench soak knowledge docs image sbom lock clean decision-tables mutants

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1  /p' Makefile | awk '{printf "%s %-15s", $$1, $$2; $$1=$$2=""; print $$0}'

demo: $(VENV)/.demo-ready  ## start the plug-in and the demo EHR, print the URL to open (ARGS="--port 8190 --no-open")
	$(BIN)/rpild demo $(ARGS)

test: lint types unit cover  ## everything that must be green: ruff, mypy, pytest, coverage gates

lint: $(VENV)/.test-ready  ## ruff
	$(BIN)/ruff check .

types: $(VENV)/.test-ready  ## mypy --strict
	$(BIN)/mypy

unit: $(VENV)/.test-ready  ## pytest, measured (ARGS="-k gate" for some of it)
	rm -rf build/coverage && mkdir -p build/coverage
	COVERAGE_FILE=$(CURDIR)/build/coverage/data $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report= $(ARGS)

# The clinical rooms are covered to the last branch; the others to 95 %, since a few lines there only run when a machine fails.
cover: $(VENV)/.test-ready  ## the coverage gates over the last run of `make unit`
	COVERAGE_FILE=$(CURDIR)/build/coverage/data $(BIN)/coverage report --include='rpild_rules/*,fhir_mappings/*' --fail-under=100
	COVERAGE_FILE=$(CURDIR)/build/coverage/data $(BIN)/coverage report --omit='rpild_rules/*,fhir_mappings/*' --fail-under=95

conformance: $(VENV)/.test-ready  ## the requirements of CDS Hooks with their proofs; fails if one that SHALL hold is not proven
	$(BIN)/python -m tests.conformance.requirements

integration: $(VENV)/.test-ready  ## all our patients behind another FHIR server: FHIR_BASE_URL=..., or HAPI FHIR started here (Java 17, Maven)
	$(BIN)/python -m tests.integration

bench: $(VENV)/.test-ready  ## the benchmark table, also as build/bench.json (ARGS="--seconds 3")
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/.test-ready  ## the long proofs in full: 100,000 charts judged twice, 200,000 dirty charts read by both lanes, 50,000 spoilt bodies, 1,000 kills, 500 power cuts, 30 minutes of load
	$(BIN)/python -m tests.oracle.soak --charts 100000
	$(BIN)/python -m tests.mappings.soak --charts 200000
	RPILD_TRIES=50000 $(BIN)/python -m pytest -s tests/service/test_hostile_bytes.py
	$(BIN)/python -m tests.storage.kills --rounds 500
	$(BIN)/python -m tests.recording.kills --rounds 500
	$(BIN)/python -m tests.storage.power_cuts --cuts 500
	$(BIN)/python -m tests.service.soak --minutes 30

knowledge: $(VENV)/.demo-ready  ## write docs/knowledge anew from the tables of the rules
	$(BIN)/python -m rpild_server.cli knowledge --markdown > docs/knowledge/clinical-knowledge.md
	$(BIN)/python -m tests.knowledge.row_register > docs/knowledge/rows.md

docs: $(VENV)/.test-ready  ## the documentation as a site in build/site
	$(BIN)/python -m mkdocs build --strict

image: $(VENV)/.test-ready  ## build the image without a Docker engine (buildah, debootstrap, root) and run it read-only
	$(BIN)/python -m tests.deploy.built_image

sbom: $(VENV)/.test-ready  ## the bill of materials of the image: build/sbom.cdx.json (CycloneDX with hashes and licences)
	@mkdir -p build && $(BIN)/python deploy/sbom.py > build/sbom.cdx.json

lock:  ## renew requirements*.lock from pyproject.toml (UPGRADE= keeps the versions that still fit)
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	build/lock/bin/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml --group build -o requirements.lock
	build/lock/bin/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml --group build --extra postgres --extra otel -c requirements.lock \
		-o requirements-server.lock
	build/lock/bin/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml --group test -c requirements.lock -o requirements-test.lock

decision-tables: $(VENV)/.test-ready  ## write docs/knowledge/decision-tables.md anew; fails on a condition that no test shows
	$(BIN)/python -m tests.mcdc

mutants: $(VENV)/.test-ready  ## faults put into the rules, to see whether a test finds each (ARGS="gate onset")
	nice -n 15 $(BIN)/python -m tests.mutation $(ARGS)

clean:  ## remove what was built, the environment included
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "rpild needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.demo-ready: requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what the lock file names (once, about half a minute) ..."
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test-ready: requirements-test.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what the lock file of the tests names (once, about a minute) ..."
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements-test.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.demo-ready
