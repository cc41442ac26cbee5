# Two targets matter on a fresh machine: `make demo` and `make test`. Both need a Python of 3.11 or
# later with `venv`, and an index of Python packages; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := src tests benchmarks demo
# What the peers of `make test-peers` are called at Debian.
SERVERS := squid tinyproxy nginx-light docker-registry apache2-utils microsocks openssl ntfs-3g

.PHONY: help demo test lint types contracts unit test-slow test-peers fuzz coverage bench format clean

help:
	@echo "make demo       build a real channel, bootstrap from it, and run what was installed"
	@echo "make test       lint, types, import contracts and tests"
	@echo "make test-slow  long runs: whole data sets, real builds, fault injection, fuzzing"
	@echo "make test-peers real proxies, web servers, registries and buckets; as root, from Debian"
	@echo "make fuzz       let atheris look for text that breaks a parser"
	@echo "make bench      measure against py-rattler"
	@echo "make coverage   tests with a report of what they did not reach"
	@echo "make format     bring the code into form"

$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hognose needs Python 3.11 or later: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

demo: $(VENV)/.runtime
	$(BIN)/python demo/demo.py

test: lint types contracts unit

lint: $(VENV)/.development
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: $(VENV)/.development
	$(BIN)/mypy

contracts: $(VENV)/.development
	$(BIN)/lint-imports

unit: $(VENV)/.development
	$(BIN)/pytest

test-slow: $(VENV)/.development
	$(BIN)/pytest -m slow --timeout=900

# Nothing is started but by the tests: the packages' own services are kept from starting.
test-peers: $(VENV)/.development
	$(BIN)/python -m pip install --quiet --group servers
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    policy=/usr/sbin/policy-rc.d; [ -e $$policy ] && made= || made=$$policy; \
	    if [ "$$made" ]; then printf '#!/bin/sh\nexit 101\n' >$$made; chmod +x $$made; fi; \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends $(SERVERS) >/dev/null; \
	    status=$$?; [ -z "$$made" ] || rm -f $$made; exit $$status; fi
	$(BIN)/pytest -m "slow or not slow" tests/peers tests/net tests/differential/test_repodata_indexers.py

coverage: $(VENV)/.development
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --show-missing

fuzz: $(VENV)/.development
	$(BIN)/python -m pip install --quiet atheris
	@cd tests && for target in version version_spec match_spec channel package_files; do \
	    ../$(BIN)/python -m fuzz.fuzz_$$target -max_total_time=$(or $(FUZZ_SECONDS),60) || exit 1; done

bench: $(VENV)/.development
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

format: $(VENV)/.development
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

clean:
	rm -rf .demo build dist .coverage* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis
