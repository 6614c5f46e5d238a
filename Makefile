# SPDX-License-Identifier: MIT
# `make` alone prints what there is to make.

PYTHON ?= python3
BOARD ?= RPI_PICO
PORT ?=
# MicroPython of the emulated board: a version, or the path of a .uf2; the newest that is there.
MICROPYTHON ?=
# Campaigns of `make soak`: days of delivery, console lines, random seed.
DAYS ?= 40
LINES ?= 10000
SEED ?= 1
# Minutes of `make mutants`, and a part of the names of the modules it is about.
MINUTES ?= 10
ONLY ?=
# What `make hil` is about: sim, unix, emulator, a serial port, or socket://host:port.
TARGET ?= sim
# The boot drive that `make flash` writes to, where there is more than one.
DRIVE ?=
# How often it runs; from two on it ends with the flake rate of every test.
COUNT ?= 1
# What switches its power, and the serial port of the adapter at its button and buzzer.
POWER ?=
WIRES ?=

BIN := .venv/bin
WITH := $(if $(MICROPYTHON),--micropython $(MICROPYTHON))
BENCH := $(BIN)/python -m pumpbench
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal $(WITH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick check hil soak hazards mutants labgrid images image uf2 flash mip emulate heap sizes boards deploy repl console watch clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready ## Virtual environment in .venv with pinned packages; made when needed

.venv/ready: pyproject.toml constraints.txt bench/pumpbench/targets/emulator/pumpbench_fast.pyx
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is `$(PYTHON) --version`. Try make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	$(BIN)/python -m pumpbench.targets.emulator.core
	touch $@

typings/ready: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade --target typings micropython-rp2-rpi_pico-stubs
	touch $@

typings-esp32/ready: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade --target typings-esp32 micropython-esp32-esp32_generic_s3-stubs
	touch $@

demo: .venv/ready ## Real MicroPython on an emulated Pico delivers; writes build/demo/report.html
	$(BENCH) demo $(WITH)

test: .venv/ready ## All tests on every simulated target, a short slice of each campaign
	$(PYTEST)

test-quick: .venv/ready ## The short tests on the simulated board, in two minutes
	$(PYTEST) -m "not emulator and not unix and not slow and not long"

check: .venv/ready typings/ready typings-esp32/ready ## Format, lint, types and import rules
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright -p firmware
	$(BIN)/basedpyright -p firmware/pyright-esp32.json
	$(BIN)/basedpyright -p bench
	$(BENCH) boards
	$(BIN)/python -m pytest -q host_tests/test_house.py host_tests/test_hazards.py

hil: .venv/ready ## Acceptance of the pump at TARGET: a port, or sim, unix, emulator; COUNT; build/hil/report.html
	$(BENCH) hil --target $(TARGET) --count $(COUNT) \
		$(if $(POWER),--power $(POWER)) $(if $(WIRES),--wires $(WIRES))

soak: .venv/ready ## The long campaigns: DAYS, LINES, SEED
	$(PYTEST) -m "soak or long" --days=$(DAYS) --lines=$(LINES) --seed=$(SEED)

hazards: .venv/ready ## Run the tests of the hazard table and write firmware/HAZARDS.md
	$(PYTEST) -m "hazard and not long" --write-hazards

mutants: .venv/ready ## Changes of the safety modules that no test finds: MINUTES, SEED, ONLY
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/python -m host_tests.support.run.mutants --minutes $(MINUTES) --seed $(SEED) --only '$(ONLY)'

labgrid: .venv/ready ## Two simulated pumps through labgrid; its exporter needs ser2net
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[labgrid]'
	$(BIN)/python -m pytest -q -n 0 host_tests/bench/test_labgrid.py host_tests/bench/test_labgrid_power.py

images: .venv/ready ## MicroPython for the emulated board, downloaded: MICROPYTHON
	$(BENCH) images $(WITH)

image: .venv/ready ## build/BOARD/filesystem.img, the files of a board's flash: BOARD
	$(BENCH) image --board $(BOARD)

uf2: .venv/ready ## MicroPython and the pump of BOARD in one file to drag onto it
	$(BENCH) uf2 --board $(BOARD) $(WITH)

flash: .venv/ready ## Flash MicroPython and the pump onto a board in its boot loader: BOARD, DRIVE
	$(BENCH) flash --board $(BOARD) $(WITH) $(if $(DRIVE),--drive "$(DRIVE)")

mip: .venv/ready ## build/mip/BOARD, the pump as a package of mpremote mip: BOARD
	$(BENCH) mip --board $(BOARD)

emulate: .venv/ready ## An emulated board with its console at build/pump.tty, until Ctrl-C: BOARD
	$(BENCH) emulate --board $(BOARD) $(WITH)

heap: .venv/ready ## The memory that each file of the firmware takes on an emulated board
	$(BENCH) heap $(WITH)

sizes: .venv/ready ## Flash and memory of the firmware on each board; rewrites the table in boards/README.md
	$(BENCH) sizes --page

boards: .venv/ready ## Check the data of every board; rewrites its page and wiring diagram
	$(BENCH) boards --pages

deploy: .venv/ready ## The firmware onto a real board: PORT=/dev/ttyACM0, BOARD
	$(BENCH) deploy --board $(BOARD) --port "$(PORT)"

repl: .venv/ready ## End the firmware of a stopped pump, its REPL: PORT=/dev/ttyACM0
	$(BENCH) repl --port "$(PORT)"

console: .venv/ready ## A line to a pump and its answer, until Ctrl-D; it goes on: PORT=/dev/ttyACM0, sim
	$(BENCH) console --port "$(PORT)"

watch: .venv/ready ## A live screen of a pump, until Ctrl-C; it goes on: PORT=/dev/ttyACM0, sim
	$(BENCH) watch --port "$(PORT)"

clean: ## Remove all built files; the virtual environment stays
	rm -rf build typings typings-esp32 .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
