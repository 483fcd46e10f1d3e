# Two commands do everything on a machine with Python 3.11+, git and make:
#   make demo    the whole migration of the bundled exports into the embedded sandbox
#   make test    every test
#   make test-fast   the short ones: no whole migration, no browser
#   make test-all    and the long proofs, with a table (hours)
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Every process of ours would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-fast test-all image ui review lint loc lock picture pictures clean

setup: $(STAMP)

# Exact versions and hashes; the project itself is linked, so edits show at once.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed (PYTHON=… names another)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(STAMP)
	$(BIN)/flitstack migrate --confirm-map demo --approve-sample demo

# Three at once for two cores: a third of the time a test waits for a browser or a server.
test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-fast: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --fast

test-all: test image
	$(BIN)/python -m flitstack_pipeline_tests.proofs

# The image of deploy/ is built and looked into where Docker is there; else this says that it is not.
image: $(STAMP)
	$(BIN)/python -m flitstack_pipeline_tests.deploy.image

ui: $(STAMP)
	$(BIN)/flitstack ui

review: $(STAMP)
	$(BIN)/flitstack review

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Lines of code and files of the product, without sandbox, examples and review room.
loc: $(STAMP)
	$(BIN)/python -m benchmarks.lines_of_code

# The picture of the asset graph in the README, drawn from the definitions.
picture: $(STAMP)
	$(BIN)/python -m flitstack_pipeline.dagster.picture docs/asset-graph.svg

# The pictures of the review room in the README; needs Chromium.
pictures: $(STAMP)
	$(BIN)/python -m flitstack_pipeline_tests.browser.pictures docs

# Needs uv; the locks are of pip's requirements format and name no package index. That of the image
# has the same versions without what only development needs.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --no-strip-extras -q -o requirements.lock
	echo 'setuptools>=80' | uv pip compile pyproject.toml - --extra fleet --extra k8s --extra docker \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --no-strip-extras -q -c requirements.lock -o deploy/requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache artifacts
