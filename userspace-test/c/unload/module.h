/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To load and unload the module, by the system calls themselves: no shell and no tool for each
 * time.
 */
#ifndef MODULE_H
#define MODULE_H

#include "tests/tester.h"

/* The module without what takes the kernel most of the time: see qemu/make-payload. */
static inline int open_module(void)
{
	return open("/usr/lib/sysdemo/rounds.ko", O_RDONLY | O_CLOEXEC);
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
