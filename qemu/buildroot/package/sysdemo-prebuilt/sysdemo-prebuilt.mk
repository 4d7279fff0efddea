################################################################################
#
# sysdemo-prebuilt
#
################################################################################

# SPDX-License-Identifier: GPL-2.0

SYSDEMO_PREBUILT_VERSION = 1
SYSDEMO_PREBUILT_SITE = $(BR2_EXTERNAL_SYSDEMO_PATH)/../../build/payload/tests
SYSDEMO_PREBUILT_SITE_METHOD = local
# The programs are static: Debian's C library and Rust's standard library are in them. What is here is
# built, and so no source to hand on.
SYSDEMO_PREBUILT_LICENSE = GPL-2.0 (programs and module), LGPL-2.1+ (C library), \
	Apache-2.0 or MIT (Rust's library)
SYSDEMO_PREBUILT_REDISTRIBUTE = NO
# Tests that are 32-bit programs: callers of another kind.
SYSDEMO_PREBUILT_BIN_ARCH_EXCLUDE = /usr/lib/sysdemo/tests

ifeq ($(BR2_PACKAGE_SYSDEMO_PREBUILT)$(BR_BUILDING),yy)
ifeq ($(wildcard $(SYSDEMO_PREBUILT_SITE)/usr/lib/sysdemo/init),)
$(error sysdemo-prebuilt: nothing is built yet: run "make" in $(abspath $(BR2_EXTERNAL_SYSDEMO_PATH)/../..) first)
endif
endif

# All of the tests that an earlier build installed go away: they come and go.
define SYSDEMO_PREBUILT_INSTALL_TARGET_CMDS
	rm -rf $(TARGET_DIR)/usr/lib/sysdemo/tests
	mkdir -p $(TARGET_DIR)/usr/lib/sysdemo
	cp -a $(@D)/usr/lib/sysdemo/init $(@D)/usr/lib/sysdemo/tests \
		$(@D)/usr/lib/sysdemo/rounds $(TARGET_DIR)/usr/lib/sysdemo/
endef

# The module, its tool, and what the tests need to know of it, come from source or from here.
ifeq ($(BR2_PACKAGE_SYSDEMO),)
define SYSDEMO_PREBUILT_INSTALL_MODULE
	rm -f $(TARGET_DIR)/lib/modules/*/updates/sysdemo.ko
	mkdir -p $(TARGET_DIR)/lib/modules
	cp -a $(@D)/lib/modules/. $(TARGET_DIR)/lib/modules/
	cp -a $(@D)/usr/lib/sysdemo/probe.ko $(@D)/usr/lib/sysdemo/sysdemo.symbols \
		$(TARGET_DIR)/usr/lib/sysdemo/
	$(INSTALL) -D -m 0755 $(@D)/usr/bin/sysdemo-call $(TARGET_DIR)/usr/bin/sysdemo-call
endef
SYSDEMO_PREBUILT_POST_INSTALL_TARGET_HOOKS += SYSDEMO_PREBUILT_INSTALL_MODULE

# It is loaded at boot as the one from source is.
SYSDEMO_PREBUILT_INSTALL_INIT_SYSV = $(SYSDEMO_INSTALL_INIT_SYSV)
SYSDEMO_PREBUILT_INSTALL_INIT_SYSTEMD = $(SYSDEMO_INSTALL_INIT_SYSTEMD)
endif

$(eval $(generic-package))
