# SPDX-License-Identifier: GPL-2.0
#
# build.mk: builds what runs in the guest. Run in the builder root by scripts/build, with
#   KDIR    the kernel to build the module against, for the target `module`
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

tests := $(patsubst $(c)/tests/%.c,%,$(wildcard $(c)/tests/*.c))
programs := $(OUT)/bin/sysdemo-call $(tests:%=$(OUT)/tests/c-%)

.PHONY: userspace
userspace: $(programs)

# The library is small and its users are static: no archive between them.
$(OUT)/bin/sysdemo-call: $(OUT)/obj/sysdemo-call.o $(OUT)/obj/libsysdemo.o
$(OUT)/tests/c-%: $(OUT)/obj/tests/%.o $(OUT)/obj/libsysdemo.o
	@mkdir -p $(@D)
	$(CC) -static -pthread -o $@ $^
$(OUT)/bin/%:
	@mkdir -p $(@D)
	$(CC) -static -o $@ $^

$(OUT)/obj/%.o: $(c)/%.c $(src)/scripts/in-root/build.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

-include $(wildcard $(OUT)/obj/*.d $(OUT)/obj/tests/*.d)
