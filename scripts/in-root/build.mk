# SPDX-License-Identifier: GPL-2.0
#
# build.mk: builds the programs that run in the guest. Run in the builder root by scripts/build, with
#   STOCK   the stock kernel's folder (its tools/ has the kselftest harness)
#   OUT     where the products go

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

src := /sysdemo
c := $(src)/userspace-test/c
CC := gcc-14
CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-function -D_GNU_SOURCE -MMD \
	-I$(src)/uapi -I$(c) -isystem $(STOCK)/tools
# The headers of a 32-bit C library are Debian's own, apart from the kernel's, which are the same.
CFLAGS_32 := -m32 -idirafter /usr/include/x86_64-linux-gnu

# Every tester is built twice: a 32-bit program is a caller of another kind.
tests := $(patsubst $(c)/tests/%.c,%,$(wildcard $(c)/tests/*.c))
# What needs a debug kernel has a folder of its own.
debug := $(patsubst $(c)/faults/%.c,%,$(wildcard $(c)/faults/*.c))
# And what takes as long as it is given.
stress := $(patsubst $(c)/stress/%.c,%,$(wildcard $(c)/stress/*.c))
programs := $(OUT)/bin/sysdemo-call $(tests:%=$(OUT)/tests/c-%) $(tests:%=$(OUT)/tests/c32-%) \
	$(debug:%=$(OUT)/debug/c-%) $(debug:%=$(OUT)/debug/c32-%) \
	$(stress:%=$(OUT)/stress/c-%) $(stress:%=$(OUT)/stress/c32-%) $(OUT)/tests/rust $(OUT)/tests/c-liburing $(OUT)/bench/bench \
	$(OUT)/rounds $(OUT)/scaling/scaling $(OUT)/sharing/sharing

.PHONY: userspace
userspace: $(programs) $(OUT)/aim.so $(OUT)/libsharing.so
	@# What a removed source had made is not run any more.
	@rm -f $(filter-out $(programs),$(wildcard $(addprefix $(OUT)/,bin/* tests/* debug/* stress/* bench/* scaling/* sharing/*)))

# The library is small and its users are static: no archive between them.
$(OUT)/bin/sysdemo-call: $(OUT)/obj/sysdemo-call.o $(OUT)/obj/libsysdemo.o
$(OUT)/bench/bench: $(OUT)/obj/bench/bench.o $(OUT)/obj/libsysdemo.o
$(OUT)/tests/c-%: $(OUT)/obj/tests/%.o $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^
$(OUT)/tests/c32-%: $(OUT)/obj32/tests/%.o $(OUT)/obj32/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -m32 -static -pthread -o $@ $^
# Debian has that library for programs of 64 bits.
$(OUT)/tests/c-liburing: $(OUT)/obj/liburing/liburing.o $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^ -luring
$(OUT)/debug/c-%: $(OUT)/obj/faults/%.o $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^
$(OUT)/debug/c32-%: $(OUT)/obj32/faults/%.o $(OUT)/obj32/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -m32 -static -pthread -o $@ $^
$(OUT)/stress/c-%: $(OUT)/obj/stress/%.o $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^
$(OUT)/stress/c32-%: $(OUT)/obj32/stress/%.o $(OUT)/obj32/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -m32 -static -pthread -o $@ $^
$(OUT)/scaling/scaling: $(OUT)/obj/scaling.o
$(OUT)/sharing/sharing: $(OUT)/obj/sharing.o
$(OUT)/scaling/scaling $(OUT)/sharing/sharing: $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^
$(OUT)/rounds: $(OUT)/obj/unload/rounds.o $(OUT)/obj/libsysdemo.o
	$(CC) -static -pthread -o $@ $^
$(OUT)/bin/sysdemo-call $(OUT)/bench/bench:
	@mkdir -p $(@D)
	$(CC) -static -o $@ $^

# For a program of Debian's, so it is no static one.
$(OUT)/aim.so: $(c)/aim.c $(src)/uapi/linux/sysdemo.h $(src)/scripts/in-root/build.mk
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD,$(CFLAGS)) -fPIC -shared -o $@ $<

# Cargo knows best what is out of date. Static, as everything in the guest: it has no C library.
target := x86_64-unknown-linux-gnu
.PHONY: cargo
cargo:
	cd $(src)/userspace-test/rust && RUSTFLAGS='-C target-feature=+crt-static' \
		cargo build --quiet --release --locked --target $(target) --target-dir $(OUT)/cargo
$(OUT)/tests/rust: cargo
	@mkdir -p $(@D)
	@cmp -s $(OUT)/cargo/$(target)/release/tester $@ || \
		install $(OUT)/cargo/$(target)/release/tester $@

# QEMU loads it, so it is no static one. Cargo keeps apart what is for its own machine.
.PHONY: cargo-sharing
cargo-sharing: cargo
	cd $(src)/userspace-test/rust && cargo build --quiet --release --locked --package sharing \
		--target-dir $(OUT)/cargo
$(OUT)/libsharing.so: cargo-sharing
	@cmp -s $(OUT)/cargo/release/libsharing.so $@ || install $(OUT)/cargo/release/libsharing.so $@

# The fuzzer has an engine in C++, which only who fuzzes has to wait for.
.PHONY: cargo-fuzz fuzz
cargo-fuzz:
	cd $(src)/userspace-test/rust && RUSTFLAGS='-C target-feature=+crt-static' cargo build --quiet \
		--release --locked --package fuzz --target $(target) --target-dir $(OUT)/cargo
$(OUT)/fuzz/fuzz: cargo-fuzz
	@mkdir -p $(@D)
	@cmp -s $(OUT)/cargo/$(target)/release/fuzz $@ || \
		install $(OUT)/cargo/$(target)/release/fuzz $@
fuzz: $(OUT)/fuzz/fuzz

$(OUT)/obj/%.o: $(c)/%.c $(src)/scripts/in-root/build.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(OUT)/obj32/%.o: $(c)/%.c $(src)/scripts/in-root/build.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CFLAGS_32) -c -o $@ $<

-include $(wildcard $(foreach folder,$(OUT)/obj $(OUT)/obj32,\
	$(folder)/*.d $(folder)/tests/*.d $(folder)/faults/*.d $(folder)/stress/*.d \
	$(folder)/unload/*.d $(folder)/bench/*.d $(folder)/liburing/*.d))
