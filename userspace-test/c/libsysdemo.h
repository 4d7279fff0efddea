/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libsysdemo: what a C library is to the kernel's system calls, for those of /dev/sysdemo.
 */
#ifndef LIBSYSDEMO_H
#define LIBSYSDEMO_H

#include <linux/sysdemo.h>

/**
 * sysdemo_open() - open a device that speaks the ABI of <linux/sysdemo.h>
 * @path: The device, or NULL for SYSDEMO_DEVICE.
 *
 * Return: A file descriptor with close-on-exec set, or -1 with errno set.
 */
int sysdemo_open(const char *path);

/**
 * sysdemo_call_raw() - make a call and give its result as the device gave it
 * @fd: The open device.
 * @nr: Number of the call, SYSDEMO_NR_*.
 * @args: The six registers.
 * @ret: Where the result goes: a value, or -4095..-1 for an error.
 *
 * Return: 0 if the call was made, otherwise -1 with errno set, and no result.
 */
int sysdemo_call_raw(int fd, __u32 nr, const __u64 args[SYSDEMO_ARGS_MAX], __s64 *ret);

/**
 * sysdemo_syscall() - make a call as syscall(2) makes a real one
 * @fd: The open device.
 * @nr: Number of the call, SYSDEMO_NR_*.
 * @a0: The first register; five more follow.
 *
 * Return: The call's value, or -1 with errno set, whether the call or the way to it failed.
 */
__s64 sysdemo_syscall(int fd, __u32 nr, __u64 a0, __u64 a1, __u64 a2, __u64 a3, __u64 a4, __u64 a5);

/* The calls, under the names that a C library would give them. */
__s64 sysdemo_null(int fd);
__s64 sysdemo_getpid(int fd);
__s64 sysdemo_gettid(int fd);

#endif /* LIBSYSDEMO_H */
