/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To load and unload the module, by the system calls themselves: no shell and no tool for each
 * time.
 */
#ifndef MODULE_H
#define MODULE_H

#include "tests/tester.h"

#include <sys/utsname.h>

static inline int open_module(void)
{
	struct utsname name;
	char path[256];

	if (uname(&name))
		return -1;
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/sysdemo.ko", name.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* 0, or the error. */
static inline int load(int module)
{
	return syscall(SYS_finit_module, module, "", 0) ? errno : 0;
}

/* 0, or the error: it does not wait until nobody uses the module. */
static inline int unload(void)
{
	return syscall(SYS_delete_module, "sysdemo", O_NONBLOCK) ? errno : 0;
}

#endif /* MODULE_H */
