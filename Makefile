# The commands of this repository; `make` alone lists them. What they need of the machine, `.ci/machine` installs.

.DEFAULT_GOAL := help
.PHONY: help site cold test soak check check-code check-types check-data preview lock clean environment tools

BIN := .venv/bin
HTML := _build/html
PORT ?= 8000
WORKERS ?= 2
ROUNDS ?= 200

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

site: environment ## Build the story into _build/html
	@browser="$$(bash .ci/machine browser)" && CHROMIUM="$$browser" $(BIN)/sourcebook build --strict

cold: environment ## Run every story again in a fresh kernel; stop if one gives other outputs than before
	@browser="$$(bash .ci/machine browser)" && CHROMIUM="$$browser" $(BIN)/sourcebook build --strict --rerun --cold

test: environment tools ## Run the tests; ARGS="-k facts" picks some, WORKERS=4 uses more cores
	@browser="$$(bash .ci/machine browser)" && \
	CHROMIUM="$$browser" $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

soak: environment ## Kill builds at random moments, ROUNDS=200 times, and see that nothing is ever wrong
	$(BIN)/python benchmarks/soak.py --rounds $(ROUNDS)

check: check-code check-types check-data ## Check the code, its types, and the data with the stories that use it

check-code: environment
	$(BIN)/ruff check .

check-types: environment
	$(BIN)/mypy

check-data: environment
	$(BIN)/sourcebook check

preview: site ## Build, then serve the pages to this machine only; PORT=8001 takes another port
	@echo "The story is at http://127.0.0.1:$(PORT)/ until you press Ctrl-C."
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

lock: environment ## Write requirements.txt again from pyproject.toml; ARGS=--upgrade takes newer releases
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra cluster --extra dev --no-header \
		$(ARGS) pyproject.toml --output-file requirements.txt

clean: ## Remove all that was built, kept runs too; the environment stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache
	find book src tests benchmarks -name node_modules -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2>/dev/null || true

environment:
	@bash .ci/machine environment

tools:
	@bash .ci/machine tools
