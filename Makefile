# One screen of commands: make run CLIP=clip.mp4 [OUT=folder] · make test · make lint
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?=
SYSTEM := libglib2.0-0 libgl1 libegl1 libfontconfig1 libxkbcommon0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 \
  libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 ffmpeg
# Debian keeps venv apart from its python3
SYSTEM += $(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

.PHONY: run test slow lint app system setup clean
.DEFAULT_GOAL := setup

run: setup
	@if [ -n "$(CLIP)" ]; then clip="$(CLIP)"; else clip=demo.mp4; [ -f $$clip ] || $(BIN)/vsod-desktop demo $$clip; fi; \
	out="$(OUT)"; [ -n "$$out" ] || out="$$(dirname "$$clip")"; \
	name="$$(basename "$$clip")"; \
	$(BIN)/vsod-desktop run "$$clip" -o "$$out/$${name%.*}_matte.mov"

test: setup
	$(BIN)/python -m pytest

slow: setup
	$(BIN)/python -m pytest -m "slow or not slow"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The one-folder app: built, tried on a demo clip as its users would, packed, and not larger than we promise
APP := dist/vsod-desktop
app: setup
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt pyinstaller
	$(BIN)/pyinstaller --noconfirm --log-level WARN build.spec
	$(APP)/vsod-desktop doctor
	$(APP)/vsod-desktop demo dist/demo.mp4
	$(APP)/vsod-desktop run dist/demo.mp4 -o dist/demo_matte.mov --force
	QT_QPA_PLATFORM=offscreen $(APP)/vsod-desktop screenshots dist/pictures dist/demo.mp4
	tar -C dist -I 'xz -T0 -1' -cf $(APP).tar.xz vsod-desktop
	@size=$$(wc -c < $(APP).tar.xz); echo "$(APP).tar.xz: $$((size / 1000000)) MB"; [ $$size -lt 400000000 ]

setup: system $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@# its own pin, numpy<2, is too strict: the part we use runs on numpy 2
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps pysodmetrics==1.4.3
	@touch $@

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
