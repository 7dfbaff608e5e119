# Everything that needs an environment; `make mini` is the whole default study.
PYTHON ?= python3
VENV ?= .venv
CORES ?= 4
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
WORKERS := --numprocesses auto --maxprocesses 4

.PHONY: mini test lint docs dense paper

mini: $(INSTALLED)
	$(BIN)/snakemake -j$(CORES) --forcerun tables -- all
	@echo "making the HTML report ..."
	@$(BIN)/snakemake --quiet all --report work/mini/report.html
	@echo "HTML:    work/mini/report.html"
	@cat work/mini/published

# The second call has processes of its own, because PyTorch knows one pretended device per process.
test: $(INSTALLED)
	$(BIN)/python -m pytest $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest $(WORKERS) --dist loadgroup -m second_device tests/second_device

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile
	$(BIN)/snakemake --lint --configfile config/mini.yaml
	$(BIN)/mypy

docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "site/index.html"

dense: $(INSTALLED)
	$(BIN)/python -m benchmark train-dense config/dense-mini.yaml

paper: $(INSTALLED)
	$(BIN)/python -m paper_figs

# Made again only when the pins change.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "error: pinchbench needs Python 3.11 or newer: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
