# All set-up happens in .venv, from the lock, once; nothing outside this folder is touched.
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
export DAGSTER_HOME := $(CURDIR)/.complaints/dagster
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.PHONY: demo start test drill check lint types definitions files bench setup embeddings clean lock

setup: $(STAMP) $(DAGSTER_HOME)/dagster.yaml

$(STAMP): requirements.lock pyproject.toml setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(DAGSTER_HOME)/dagster.yaml: complaints_platform/instance/dagster.yaml
	mkdir -p $(@D) && cp $< $@

demo: setup
	complaints demo

# Dagster's UI with its daemon on port 3000, the query service with its dashboard on port 8400; both end together.
start: setup
	trap 'kill 0' EXIT; complaints serve & dg dev

# What the classifier's tier "full" needs; its tests are skipped without it.
embeddings: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r docker/requirements-embeddings.lock

# Three processes, a file at a time, the longest first: many tests wait for servers and child processes.
test: setup
	pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not drill"

# Minutes each: the whole running platform under load, the deployed processes, kills during maintenance, thousands of days.
drill: setup
	pytest -m drill -s

# The same four, each for the files that it looks at, run before a commit (.pre-commit-config.yaml).
check: lint types definitions files

lint: setup
	ruff check .
	ruff format --check .

types: setup
	mypy

definitions: setup
	# One by one: without a path, dg 1.13.27 checks only the last file of each component type.
	for source in complaints_platform/defs/sources/*/; do dg check yaml "$$source" || exit 1; done
	dg check defs

files: setup
	hadolint docker/Dockerfile
	check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

# Growth up to 10 million complaints and 1000 days, and a day of 8000 micro-batches, are longer work:
# python -m benchmarks cleaning --scale --history; python -m benchmarks intra-day
bench: setup
	python -m benchmarks cleaning --scale 30 --history 100
	python -m benchmarks path
	python -m benchmarks spikes
	python -m benchmarks classifier
	python -m benchmarks first-load --days 500
	python -m benchmarks serving --complaints 1000000

# Names, versions and hashes of all dependencies; run it after changing pyproject.toml.
lock: setup
	uv pip compile pyproject.toml --extra postgres --group dev --group benchmarks --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-annotate --no-header --output-file requirements.lock
	# What is deployed: the same versions, without what only development needs.
	uv pip compile pyproject.toml --extra postgres --constraints requirements.lock --generate-hashes --universal \
		--python-version 3.11 --no-emit-index-url --no-annotate --no-header --output-file docker/requirements.lock
	# The extra embeddings, by itself: one of its packages names PyTorch, which it does not need ([tool.uv]).
	$(BIN)/python -c "import tomllib; \
		print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['embeddings'], sep='\n')" \
		| uv pip compile - --constraints requirements.lock --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --output-file docker/requirements-embeddings.lock

clean:
	rm -rf $(VENV) .complaints
