# One screen of commands: make run CLIP=clip.mp4 [OUT=folder] · make test · make lint
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?=
SYSTEM := libglib2.0-0 libgl1 libegl1 libfontconfig1 libxkbcommon0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 \
  libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 ffmpeg
# Debian keeps venv apart from its python3
SYSTEM += $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

.PHONY: run test slow lint app system setup extras lock clean
.DEFAULT_GOAL := setup

run: setup
	@if [ -n "$(CLIP)" ]; then clip="$(CLIP)"; else clip=demo.mp4; [ -f $$clip ] || $(BIN)/vsod-desktop demo $$clip; fi; \
	out="$(OUT)"; [ -n "$$out" ] || out="$$(dirname "$$clip")"; \
	name="$$(basename "$$clip")"; \
	$(BIN)/vsod-desktop run "$$clip" -o "$$out/$${name%.*}_matte.mov"

# Each in a process of its own: what one leaves in memory (networks, windows, decoders) is not the next one's
SUITES := "tests --ignore=tests/pipeline --ignore=tests/cli --ignore=tests/gui" "tests/pipeline tests/cli" tests/gui
test: setup
	@for suite in $(SUITES); do echo "pytest $$suite"; $(BIN)/python -m pytest $$suite || exit 1; done

slow: setup
	@for suite in $(SUITES); do echo "pytest $$suite"; $(BIN)/python -m pytest -m "slow or not slow" $$suite || exit 1; done

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The one-folder app: built, tried on a demo clip as its users would, packed, and not larger than we promise
APP := dist/vsod-desktop
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' app/vsod/__init__.py)
app: setup
	$(INSTALL) -r locks/build.txt
	$(BIN)/pyinstaller --noconfirm --log-level WARN build.spec
	$(APP)/vsod-desktop doctor
	$(APP)/vsod-desktop demo dist/demo.mp4
	$(APP)/vsod-desktop run dist/demo.mp4 -o dist/demo_matte.mov
	QT_QPA_PLATFORM=offscreen $(APP)/vsod-desktop screenshots dist/pictures dist/demo.mp4
	$(BIN)/python tools/bundled_licences.py $(APP)
	git archive --format=tar.gz --prefix=vsod-desktop-$(VERSION)/ -o dist/vsod-desktop-$(VERSION)-source.tar.gz HEAD
	tar -C dist -I 'xz -T0 -1' -cf $(APP).tar.xz vsod-desktop
	@size=$$(wc -c < $(APP).tar.xz); echo "$(APP).tar.xz: $$((size / 1000000)) MB"; [ $$size -lt 400000000 ]

setup: system $(VENV)/.ready

# Nothing is installed whose hash is not in locks/: all of it is listed there, so that pip looks for nothing else
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes

$(VENV)/.ready: pyproject.toml locks/dev.txt locks/cpu.txt locks/cuda.txt
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@# torch for processors alone, where pip is told of such a build (--find-links): else it takes the index's
	@$(INSTALL) --no-index -r locks/cpu.txt >/dev/null 2>&1 || true
	$(INSTALL) -r locks/dev.txt
	@# torch with CUDA wants NVIDIA's libraries, torch for processors alone does not
	@if $(BIN)/python -c 'from importlib.metadata import requires; print(requires("torch"))' | grep -q nvidia; then \
	  $(INSTALL) -r locks/cuda.txt; fi
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What is optional: RAFT's flow, PyMatting, PyDenseCRF (compiled here: it needs a C++ compiler), pictures of evaluate
extras: setup
	$(INSTALL) -r locks/build.txt
	$(INSTALL) --no-build-isolation -r locks/extras.txt

# The lock files anew, after a change in pyproject.toml: what is locked stays, UPGRADE=--upgrade takes the newest
lock: setup
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	$(BIN)/python tools/lock.py $(UPGRADE) $(if $(WHEELS),--wheels $(WHEELS))

# Debian's packages that Qt needs: installed where that is allowed, else named once
system:
	@if command -v dpkg-query >/dev/null; then \
	  missing=$$(for p in $(SYSTEM); do dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -q '^installed' || echo $$p; done); \
	  if [ -n "$$missing" ]; then \
	    if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null && missing=; \
	    elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null && missing=; fi; \
	    [ -z "$$missing" ] || echo "The window needs system packages. Please run:  sudo apt install --no-install-recommends" $$missing; \
	  fi; \
	fi

clean:
	rm -rf $(VENV) build dist demo.mp4 demo_matte.mov
