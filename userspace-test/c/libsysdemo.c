// SPDX-License-Identifier: GPL-2.0
#include "libsysdemo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

/* Highest error number that a result can carry, the kernel's MAX_ERRNO. */
#define MAX_ERRNO 4095

int sysdemo_open(const char *path)
{
	return open(path ? path : SYSDEMO_DEVICE, O_RDWR | O_CLOEXEC);
}

int sysdemo_call_raw(int fd, __u32 nr, const __u64 args[SYSDEMO_ARGS_MAX], __s64 *ret)
{
	struct sysdemo_call call = { .nr = nr };

	memcpy(call.args, args, sizeof(call.args));
	if (ioctl(fd, SYSDEMO_IOC_CALL, &call) < 0)
		return -1;
	*ret = call.ret;
	return 0;
}

__s64 sysdemo_syscall(int fd, __u32 nr, __u64 a0, __u64 a1, __u64 a2, __u64 a3, __u64 a4, __u64 a5)
{
	const __u64 args[SYSDEMO_ARGS_MAX] = { a0, a1, a2, a3, a4, a5 };
	__s64 ret;

	if (sysdemo_call_raw(fd, nr, args, &ret) < 0)
		return -1;
	if (ret < 0 && ret >= -MAX_ERRNO) {
		errno = -ret;
		return -1;
	}
	return ret;
}

__s64 sysdemo_null(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_NULL, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_getpid(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_GETPID, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_gettid(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_GETTID, 0, 0, 0, 0, 0, 0);
}
