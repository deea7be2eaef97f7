# The thin face of scripts/setup.py and scripts/check.py.  Windows: call those scripts by hand.
PYTHON ?= python3
BACKEND ?=
setup = $(PYTHON) scripts/setup.py $(if $(BACKEND),--backend $(BACKEND))
venv = .venv/bin

.PHONY: run test voice-test coverage bench package package-test wheels catalogue-check screenshots lint format lock translations settings-page formats-page evaluate

run:            ## set up what is missing and open the window
	@$(setup)
	@$(venv)/tsukue

test:           ## every check and test, with real parts
	@$(setup) --for test
	@$(venv)/python scripts/check.py

voice-test:     ## conversations without hands, in real time: nothing else should run meanwhile
	@$(setup) --for test
	@TSUKUE_TEST_ALONE=1 xvfb-run -a $(venv)/python -m pytest -q -o qt_api=pyside6 tests/desktop/test_hands_free.py

coverage:       ## the tests once more, counting lines: printed, and no fewer than pyproject.toml says (slower)
	@$(setup) --for test
	@$(venv)/python scripts/check.py coverage

bench:          ## the measures, beside their aims
	@$(setup) --for bench
	@$(venv)/python -m tests.benchmarks

package:        ## what people download, for this system, into build/packages (docs/releasing.md)
	@$(setup) --for package
	@$(venv)/python installers/package.py

package-test:   ## lives through the packages on clean systems, and through Windows' installer under Wine (root, Linux)
	@$(setup) --for package-test
	@$(venv)/python installers/linux/policy.py
	@$(venv)/python installers/trial.py
	@$(venv)/python installers/windows/under_wine.py

wheels:         ## the portable build of the engine, for installers: compiled once, kept in the cache
	@env -u TSUKUE_CMAKE_ARGS $(setup)
	@$(venv)/python scripts/wheel.py

catalogue-check: ## ask the hub whether the catalogue is still right (needs a connection)
	@$(setup)
	@$(venv)/python scripts/catalogue_check.py

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

formats-page:   ## write docs/formats.md from the records
	@$(venv)/python scripts/formats_page.py

settings-page:  ## write docs/settings.md from the declarations
	@$(venv)/python scripts/settings_page.py

lock:           ## lock the requirements again, by hash
	@PATH="$(abspath $(venv)):$$PATH" $(venv)/python scripts/lock.py

# How much of planted facts the readers keep, and how often answers are found on real documents (fetched at the first time).
evaluate:
	@$(setup) --for test
	@$(venv)/python -m tests.evaluation.reading
	@$(venv)/python -m tests.evaluation.answers --part tune
	@$(venv)/python -m tests.evaluation.answers --part choose
	@$(venv)/python -m tests.evaluation.support --part tune
	@$(venv)/python -m tests.evaluation.support --part choose
	@$(venv)/python -m tests.evaluation.past --part tune
