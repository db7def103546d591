# SPDX-License-Identifier: MIT
# Short names for what Meson and the scripts do. `make` builds build/riscreen and build/riscreen-gpu-replay.
#
#   make run      install what is missing, build, make the guest, open its desktop (ARGS="-c 4" adds options)
#   make check    install what is missing, build, run all tests
#   make check-long  build libvncserver with sanitizers, fuzz and storm for an hour (tests/long)
#   make setup    install what is missing
#   make bench    measure against QEMU and native code; writes docs/performance.md (half an hour)
#   make install  PREFIX=/usr/local DESTDIR=
#   make format   lay the code out
#   make clean

PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory

build:
	@tools/configure build || exit 1
	@ninja -C build programs

run:
	@tools/run $(ARGS)

check:
	@tests/run

check-long:
	@tests/long

setup:
	@tools/setup

bench: build
	@tools/setup build check
	@bench/all

install: build
	@tools/configure build --prefix $(abspath $(PREFIX))
	@ninja -C build programs
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-asan build-tsan

.PHONY: build run check check-long setup bench install format clean
.NOTPARALLEL:
