/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of /dev/sysdemo: system calls in small.
 *
 * A program puts a call number and six registers into a record and hands it to the device, as it
 * would put them into its registers and execute SYSCALL. This header is the only description of
 * that interface: C programs include it, and bindgen makes the Rust types of the module and of the
 * Rust programs from it.
 *
 * All layouts are the same for 32- and 64-bit callers. All padding is explicit.
 */
#ifndef _UAPI_LINUX_SYSDEMO_H
#define _UAPI_LINUX_SYSDEMO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Where the device is found once the module is loaded. */
#define SYSDEMO_DEVICE	"/dev/sysdemo"

/**
 * struct sysdemo_call - one call: what the registers are to a real system call
 * @nr: Number of the call, one of SYSDEMO_NR_*. In.
 * @flags: None are known yet. Must be 0, or the call is refused with EINVAL. In.
 * @args: The six registers. A call reads as many as it has parameters and ignores the rest, as a
 *	real one does. In.
 * @ret: What the call gives back, or -4095..-1 for an error (-ENOSYS: no such call). Out.
 *
 * Only @ret is ever written.
 */
struct sysdemo_call {
	__u32 nr;
	__u32 flags;
	__u64 args[6];
	__s64 ret;
};

/* How many registers a call record has. */
#define SYSDEMO_ARGS_MAX	6

/*
 * Numbers of the ioctl commands: type and range are those that the kernel sets aside for samples
 * (Documentation/userspace-api/ioctl/ioctl-number.rst). A command that is not one of these fails
 * with ENOTTY: "this device knows no such request". That an unknown call number in a record ends
 * in ENOSYS instead is no contradiction: the request to make a call was understood.
 */
#define SYSDEMO_IOC_TYPE	'|'
#define SYSDEMO_IOC_NR_CALL	0x90

/*
 * Makes one call. 0 when the call was made (@ret has its result, be it an error), otherwise:
 * EFAULT: the record cannot be read, or @ret cannot be written (the call has been made then).
 * EINVAL: @flags is not 0; no call has been made.
 */
#define SYSDEMO_IOC_CALL	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call)

/*
 * Numbers of the calls. A number is never used for anything else again, and its meaning never
 * changes: that is what makes it an ABI.
 */
#define SYSDEMO_NR_NULL		0	/* (): does nothing, gives 0 */
#define SYSDEMO_NR_GETPID	1	/* (): as getpid(2) */
#define SYSDEMO_NR_GETTID	2	/* (): as gettid(2) */
#define SYSDEMO_NR_SUM6		3	/* (s8, u8, s16, u16, s32, u32): their sum */

/* One more than the highest number: calls from here on end in ENOSYS. */
#define SYSDEMO_NR_CALLS	4

#endif /* _UAPI_LINUX_SYSDEMO_H */
