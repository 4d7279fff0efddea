# SPDX-License-Identifier: GPL-2.0
#
# The verbs of this project; `make help` lists them. How the module is built is in Kbuild: this file
# is for people, and everything it does is done by a script that can be run alone.

MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash

# What a caller may set, on the command line or in the environment.
export ACCEL APPEND BUILDROOT DEFCONFIG FRAGMENT HERE INPUT KDIR KERNEL KIMAGE MIRROR ROOTFS SYSDEMO_CACHE TIME TIMEOUT UPDATE

.PHONY: all
all: module userspace ## Build all that goes into a guest, in build/payload
	@scripts/build test-modules
	@scripts/build payload tests

.PHONY: help
help: ## List the verbs
	@echo "make VERB [VARIABLE=VALUE]..."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Variables:"
	@echo "  ACCEL=auto|kvm|tcg    how QEMU runs the guest (auto: KVM if it truly works, otherwise TCG)"
	@echo "  KERNEL=<series>       the stock kernel, one of: $$(grep -v '^#' scripts/kernel-series | paste -s -d ' ')"
	@echo "  KDIR=<folder>         your own kernel's build folder instead, with your own compilers"
	@echo "  KIMAGE=<file>         the image of that kernel, where it cannot be found by itself"
	@echo "  ROOTFS=initramfs|buildroot|buildroot-kernel|<file>"
	@echo "                        the guest's root file system: the small one, the one made by Buildroot,"
	@echo "                        that with Buildroot's own kernel, or your own cpio archive (with KIMAGE)"
	@echo "  BUILDROOT=<folder>    a Buildroot tree, for buildroot-image and check"
	@echo "  DEFCONFIG=initramfs|qemu_x86_64"
	@echo "                        what buildroot-image makes: a root file system, or a kernel as well"
	@echo "  FRAGMENT=<file>       more for Buildroot's configuration (a mirror, another toolchain)"
	@echo "  TIMEOUT=<seconds>     how long the guest may take (240; 2400 in a kernel of our own, with fuzz TIME + 300,"
	@echo "                        with stress 600 + 2 * TIME)"
	@echo "  TIME=<seconds>        how long fuzz or stress takes (60); fuzz TIME=minimize makes a small corpus"
	@echo "  INPUT=<file>          what fuzz runs instead: a saved input, or a folder of them in order"
	@echo "  HERE=1                bench measures on the running kernel instead of in guests"
	@echo "  UPDATE=1              bench renews the baseline that check compares with, and docs/performance.md"
	@echo "  APPEND=<words>        more for the guest kernel's command line"
	@echo "  SYSDEMO_CACHE=<dir>   where all that is made once is kept (~/.cache/sysdemo)"
	@echo "  MIRROR=<address>      a mirror of Debian's packages"

.PHONY: qemu-test
qemu-test: ## Build everything, boot it in QEMU, run the tests: the main job
	@scripts/qemu-test

.PHONY: qemu-shell
qemu-shell: ## Give a shell in that guest, with the module loaded
	@scripts/qemu-shell

.PHONY: twin-test
twin-test: ## Run the testers on the same device in C, and compare the two devices
	@scripts/twin-test

.PHONY: debug-test
debug-test: ## Run the same tests in a kernel with KASAN, lockdep, kmemleak and the like
	@scripts/debug-test

.PHONY: fuzz
fuzz: ## Fuzz the calls for TIME seconds in that kernel, or run INPUT=<file> there again
	@scripts/fuzz

.PHONY: kcsan-test
kcsan-test: ## Run the tests in a kernel that notices data races (KCSAN); check does not
	@scripts/kcsan-test

.PHONY: stress
stress: ## Use the device in all ways at once for TIME seconds, in the kernel of debug-test
	@scripts/stress

.PHONY: scaling
scaling: ## See that callers on two CPUs do not get in each other's way, also by time
	@scripts/scaling

.PHONY: bench
bench: ## Measure what calls cost, exactly, in instructions; HERE=1 on the running kernel
	@scripts/bench

.PHONY: buildroot-image
buildroot-image: ## Make a root file system for the guest by your own Buildroot tree
	@scripts/buildroot-image

.PHONY: check
check: ## Run all tests: lint, those of the scripts and the harness, qemu-test, debug-test, fuzz
	@scripts/check

.PHONY: lint
lint: ## Check style and common mistakes of every language in here
	@scripts/lint

.PHONY: doctor
doctor: ## Say whether this machine, or KDIR=<folder>, can build and load the module
	@KDIR= KIMAGE= scripts/check-variables
	@scripts/doctor

.PHONY: module
module: ## Build sysdemo.ko
	@scripts/check-variables
	@test -n "$$KDIR" || scripts/prepare
	@scripts/build module

.PHONY: userspace
userspace: ## Build the programs that use the device
	@scripts/check-variables
	@scripts/prepare
	@scripts/build userspace

.PHONY: prepare
prepare: ## Make what is made once and kept: the builder root and the stock kernel
	@scripts/check-variables
	@scripts/prepare

.PHONY: update
update: ## Look for a newer stock kernel and newer tools; what is there is used until they are whole
	@scripts/check-variables
	@scripts/update

.PHONY: clean
clean: ## Remove what was built; the cache stays
	@scripts/clean

.PHONY: distclean
distclean: ## Remove the cache as well
	@scripts/distclean
	@scripts/clean
