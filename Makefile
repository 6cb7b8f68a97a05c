# All set-up happens in .venv, from the locks: uv alone by pip, the rest by uv, everything by its hash.
# demo and start install what running needs; test and check install the rest on top.
SUPPORTED := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)/.complaints/dagster
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# uv leaves compiling to the first process that imports a module; where that may keep nothing, every process compiles all.
export PYTHONDONTWRITEBYTECODE :=
UV := .ci/uv
INSTALL := $(UV) pip install --quiet --no-deps

.PHONY: demo start test drill check lint types definitions files bench setup setup-dev embeddings clean lock

setup: $(VENV)/installed $(DAGSTER_HOME)/dagster.yaml

setup-dev: $(VENV)/installed-dev $(DAGSTER_HOME)/dagster.yaml

$(BIN)/uv: requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with venv is needed, and none was found;" \
		"name one: make PYTHON=/path/to/python (Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	sed -n '/^uv==/,/[^\]$$/p' $< > $(VENV)/uv.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock
	touch $@

$(VENV)/installed: $(BIN)/uv docker/requirements.lock pyproject.toml setup.cfg
	$(INSTALL) --require-hashes -r docker/requirements.lock
	$(INSTALL) --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements.lock
	$(INSTALL) --require-hashes -r requirements.lock
	touch $@

$(DAGSTER_HOME)/dagster.yaml: complaints_platform/instance/dagster.yaml
	mkdir -p $(@D) && cp $< $@

demo: setup
	complaints demo

# Dagster's UI with its daemon on port 3000, the query service with its dashboard on port 8400; both end together.
start: setup
	complaints start

# What the classifier's tier "full" needs; its tests are skipped without it.
embeddings: setup
	$(INSTALL) --require-hashes -r docker/requirements-embeddings.lock

# Three processes, a file at a time, the longest first: many tests wait for servers and child processes.
test: setup-dev
	pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not drill"

# Minutes each: the whole running platform under load, the deployed processes, kills during maintenance, thousands of days.
drill: setup-dev
	pytest -m drill -s -o faulthandler_timeout=7200

# The same four, each for the files that it looks at, run before a commit (.pre-commit-config.yaml).
check: lint types definitions files

lint: setup-dev
	ruff check .
	ruff format --check .

types: setup-dev
	mypy

definitions: setup-dev
	# One by one: without a path, dg 1.13.27 checks only the last file of each component type.
	for source in complaints_platform/defs/sources/*/; do dg check yaml "$$source" || exit 1; done
	dg check defs

files: setup-dev
	hadolint docker/Dockerfile
	check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

# Growth up to 10 million complaints and 1000 days, and a day of 8000 micro-batches, are longer work:
# python -m benchmarks cleaning --scale --history; python -m benchmarks intra-day
bench: setup-dev
	python -m benchmarks cleaning --scale 30 --history 100
	python -m benchmarks path
	python -m benchmarks spikes
	python -m benchmarks classifier
	python -m benchmarks first-load --days 500
	python -m benchmarks serving --complaints 1000000

# Names, versions and hashes of all dependencies; run it after changing pyproject.toml.
lock: $(BIN)/uv
	$(UV) pip compile pyproject.toml --extra postgres --group dev --group benchmarks --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-annotate --no-header --output-file requirements.lock
	# What running needs, here and in the image: the same versions, without what only development needs.
	$(UV) pip compile pyproject.toml --extra postgres --constraints requirements.lock --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-annotate --no-header --output-file docker/requirements.lock
	# The extra embeddings, by itself: one of its packages names PyTorch, which it does not need ([tool.uv]).
	$(BIN)/python -c "import tomllib; \
		print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['embeddings'], sep='\n')" \
		| $(UV) pip compile - --constraints requirements.lock --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --output-file docker/requirements-embeddings.lock

clean:
	rm -rf $(VENV) .complaints
