################################################################################
#
# sysdemo
#
################################################################################

# SPDX-License-Identifier: GPL-2.0

SYSDEMO_VERSION = 1
SYSDEMO_SITE = $(BR2_EXTERNAL_SYSDEMO_PATH)/../..
SYSDEMO_SITE_METHOD = local
# What the project's own Makefile has built is not for this kernel.
SYSDEMO_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build
SYSDEMO_LICENSE = GPL-2.0, GPL-2.0 WITH Linux-syscall-note (uapi/linux/sysdemo.h)
SYSDEMO_LICENSE_FILES = COPYING
SYSDEMO_INSTALL_STAGING = YES

SYSDEMO_C = $(@D)/userspace-test/c

define SYSDEMO_BUILD_CMDS
	$(TARGET_CC) $(TARGET_CFLAGS) -std=gnu11 -D_GNU_SOURCE -I$(@D)/uapi \
		-c $(SYSDEMO_C)/libsysdemo.c -o $(@D)/libsysdemo.o
	$(TARGET_AR) rcs $(@D)/libsysdemo.a $(@D)/libsysdemo.o
	$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_LDFLAGS) -std=gnu11 -D_GNU_SOURCE \
		-I$(@D)/uapi $(SYSDEMO_C)/sysdemo-call.c $(@D)/libsysdemo.a -o $(@D)/sysdemo-call
endef

define SYSDEMO_INSTALL_STAGING_CMDS
	$(INSTALL) -D -m 0644 $(@D)/uapi/linux/sysdemo.h \
		$(STAGING_DIR)/usr/include/linux/sysdemo.h
	$(INSTALL) -D -m 0644 $(SYSDEMO_C)/libsysdemo.h \
		$(STAGING_DIR)/usr/include/libsysdemo.h
	$(INSTALL) -D -m 0644 $(@D)/libsysdemo.a $(STAGING_DIR)/usr/lib/libsysdemo.a
endef

define SYSDEMO_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/sysdemo-call $(TARGET_DIR)/usr/bin/sysdemo-call
endef

define SYSDEMO_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(SYSDEMO_PKGDIR)/S60sysdemo \
		$(TARGET_DIR)/etc/init.d/S60sysdemo
endef

define SYSDEMO_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(SYSDEMO_PKGDIR)/modules-load.conf \
		$(TARGET_DIR)/usr/lib/modules-load.d/sysdemo.conf
endef

# What the tests of sysdemo-prebuilt need to know of this very module, and a module of their own.
ifeq ($(BR2_PACKAGE_SYSDEMO_PREBUILT),y)
SYSDEMO_DEPENDENCIES += sysdemo-prebuilt
SYSDEMO_MODULE_SUBDIRS = . qemu/test-modules

define SYSDEMO_INSTALL_FOR_TESTS
	mkdir -p $(TARGET_DIR)/usr/lib/sysdemo
	rm -f $(TARGET_DIR)/usr/lib/sysdemo/sysdemo.symbols
	OBJDUMP=$(TARGET_OBJDUMP) $(@D)/qemu/module-symbols $(@D)/sysdemo.ko \
		>$(TARGET_DIR)/usr/lib/sysdemo/sysdemo.symbols
	$(INSTALL) -m 0644 $(@D)/qemu/test-modules/probe.ko $(TARGET_DIR)/usr/lib/sysdemo/
	rm -f $(TARGET_DIR)/lib/modules/*/updates/broken.ko* \
		$(TARGET_DIR)/lib/modules/*/updates/probe.ko*
endef
endif

$(eval $(kernel-module))
# After the hook that installs the modules, which kernel-module has added.
SYSDEMO_POST_INSTALL_TARGET_HOOKS += SYSDEMO_INSTALL_FOR_TESTS
$(eval $(generic-package))
