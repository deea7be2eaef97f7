# The thin face of scripts/setup.py and scripts/check.py.  Windows: call those scripts by hand.
PYTHON ?= python3
BACKEND ?=
setup = $(PYTHON) scripts/setup.py $(if $(BACKEND),--backend $(BACKEND))
venv = .venv/bin

.PHONY: run test bench screenshots lint format lock translations

run:            ## set up what is missing and open the window
	@$(setup)
	@$(venv)/tsukue

test:           ## every check and test, with real parts
	@$(setup) --for test
	@$(venv)/python scripts/check.py

bench:          ## the measures, beside their aims
	@$(setup) --for test
	@$(venv)/python -m tests.benchmarks

screenshots:    ## drive the real program on a virtual display; writes docs/screenshots
	@$(setup) --for test
	@$(venv)/python scripts/screenshots.py

lint:
	@$(venv)/python scripts/check.py lint

format:
	@$(venv)/ruff format .
	@$(venv)/ruff check --fix .

translations:   ## refresh resources/translations/*.po from the sources
	@$(venv)/python scripts/translations.py update

lock:           ## lock the requirements again, by hash
	@PATH="$(abspath $(venv)):$$PATH" $(venv)/python scripts/lock.py
