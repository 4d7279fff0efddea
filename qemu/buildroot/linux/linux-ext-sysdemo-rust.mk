################################################################################
#
# linux-ext-sysdemo-rust
#
################################################################################

# SPDX-License-Identifier: GPL-2.0

# A kernel with CONFIG_RUST=y, built with the machine's own rustc and bindgen.

ifeq ($(BR2_LINUX_KERNEL_EXT_SYSDEMO_RUST),y)

# Buildroot's HOSTCC has its options in it. Kbuild hands HOSTCC to rustc as the
# linker, which must be one word: the options go where Kbuild has a place for
# them. Of two words for a variable on make's command line the last counts.
# check-package disable TypoInPackageVariable
LINUX_MAKE_FLAGS += \
	HOSTCC="$(HOSTCC_NOCCACHE)" \
	HOSTCFLAGS="$(subst -I/,-isystem /,$(subst -I /,-isystem /,$(HOST_CFLAGS)))" \
	HOSTLDFLAGS="$(HOST_LDFLAGS)"

# Kconfig's own programs are built without these, as Buildroot would have it.
# check-package disable TypoInPackageVariable
LINUX_KCONFIG_OPTS += HOSTCFLAGS= HOSTLDFLAGS=

# The machine's tools, also if a package brings a rustc into Buildroot's host folder.
# check-package disable TypoInPackageVariable
LINUX_MAKE_FLAGS += \
	RUSTC="$(shell command -v rustc)" \
	HOSTRUSTC="$(shell command -v rustc)" \
	BINDGEN="$(shell command -v bindgen)"

# Kconfig drops CONFIG_RUST=y without a word if it does not accept the tools.
define SYSDEMO_RUST_CHECK
	@if ! grep -q '^CONFIG_RUST=y' $(LINUX_DIR)/.config; then \
		echo "sysdemo-rust: the kernel's configuration has no CONFIG_RUST=y."; \
		if $(LINUX_MAKE_ENV) $(BR2_MAKE) $(LINUX_MAKE_FLAGS) -C $(LINUX_DIR) rustavailable; then \
			echo "sysdemo-rust: add board/qemu/sysdemo.fragment to the kernel's fragments; Rust excludes"; \
			echo "RANDSTRUCT, MODVERSIONS without GENDWARFKSYMS, BTF with an old pahole, KASAN with GCC."; \
		fi; \
		exit 1; \
	fi
endef
# check-package disable TypoInPackageVariable
LINUX_POST_CONFIGURE_HOOKS += SYSDEMO_RUST_CHECK

endif
