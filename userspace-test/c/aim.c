// SPDX-License-Identifier: GPL-2.0
/*
 * Lets a program that makes system calls at random hit the device: to be loaded before it, by
 * LD_PRELOAD.
 *
 * trinity knows the ioctl commands of many devices, but not those of this one, and it does not work
 * without other files. All of its ioctls go to the device; half of them get a command of the device
 * in place of their own, and half of those a record that starts with the number of a call and no
 * flags. Everything else stays what trinity thought of.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sysdemo.h>

static const unsigned int commands[] = {
	SYSDEMO_IOC_CALL, SYSDEMO_IOC_CALL, SYSDEMO_IOC_BATCH, SYSDEMO_IOC_TABLE, SYSDEMO_IOC_INFO,
	SYSDEMO_IOC_LOG,
};

static bool is_device(int fd)
{
	struct stat device, file;

	return !stat(SYSDEMO_DEVICE, &device) && !fstat(fd, &file) && S_ISCHR(file.st_mode) &&
	       file.st_rdev == device.st_rdev;
}

/* Number and flags of the first of a record; nothing happens if there is no memory. */
static void write_start(unsigned long address)
{
	__u32 words[] = { rand() % (SYSDEMO_NR_CALLS + 1), 0 };
	int memory = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);

	if (memory < 0)
		return;
	if (pwrite(memory, words, sizeof(words), address) < 0)
		words[0] = 0;
	close(memory);
}

static void aim(unsigned long *args)
{
	static int last = -1;

	if (is_device(args[0]))
		last = args[0];
	else if (last >= 0)
		args[0] = last;
	if (rand() % 2)
		return;
	/* There is no way back from a restriction, so there are few. */
	args[1] = rand() % 64 ? commands[rand() % (sizeof(commands) / sizeof(commands[0]))] :
		  SYSDEMO_IOC_RESTRICT;
	if (rand() % 2)
		write_start(args[2]);
}

long syscall(long nr, ...)
{
	static long (*real)(long nr, ...);
	unsigned long args[6];
	va_list list;

	va_start(list, nr);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, unsigned long);
	va_end(list);
	if (!real)
		real = (long (*)(long nr, ...))dlsym(RTLD_NEXT, "syscall");
	if (nr == SYS_ioctl)
		aim(args);
	return real(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}
