/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every C tester shares: the kernel's own harness, the device under test, small helpers.
 *
 * A tester is run as `tester [DEVICE] [harness options]` and prints KTAP.
 */
#ifndef TESTER_H
#define TESTER_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "libsysdemo.h"

/* Number of ioctl(2) in the table of i386. */
#define I386_NR_IOCTL 54

/* The user that is nobody: no rights anywhere. */
#define NOBODY 65534

static const char *device = SYSDEMO_DEVICE;

/* Runs the tests of a program, whose first argument may be the device. */
static inline int run_tests(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] != '-') {
		device = argv[1];
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	return test_harness_run(argc, argv);
}

#define TESTER_MAIN						\
int main(int argc, char **argv)					\
{								\
	return run_tests(argc, argv);				\
}

/* A test fixture that has the device open. */
FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %s", device, strerror(errno));
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

/* The module that the device is of: they have one name. */
static inline const char *module_name(void)
{
	const char *slash = strrchr(device, '/');

	return slash ? slash + 1 : device;
}

/* Two pages of which only the first is mapped: what crosses the end of it faults. */
static inline char *map_with_guard(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE))
		return NULL;
	return memory;
}

/* Waits for a child that tells by its exit status how it went: 0 is well. */
static inline int wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int write_file(const char *path, const char *format, ...)
{
	va_list list;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int written;

	if (fd < 0)
		return -1;
	va_start(list, format);
	written = vdprintf(fd, format, list);
	va_end(list);
	return close(fd) || written < 0 ? -1 : 0;
}

/* Reads the start of a file as a string. */
static inline ssize_t read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -1;
	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += got;
	close(fd);
	buffer[length] = '\0';
	return got < 0 ? -1 : (ssize_t)length;
}

/*
 * Of many cases that are much the same, every how many-th is tried: each, but in a kernel whose
 * checks take ten times as long only some. That kernel is for what it notices.
 */
static int stride = 1;

/* While the program still is root's. */
__attribute__((constructor)) static void choose_stride(void)
{
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		stride = 7;
}

#endif /* TESTER_H */
