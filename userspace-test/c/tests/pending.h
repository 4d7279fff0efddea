/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is not there until somebody says what becomes of it: who touches it meanwhile waits,
 * in the middle of a system call if it is that. userfaultfd(2)
 */
#ifndef PENDING_H
#define PENDING_H

#include "tester.h"

#include <linux/userfaultfd.h>

/* Memory of so many bytes, in whole pages, and after those a page that is not there. */
static inline char *map_pending(size_t there, int *uffd)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
		.range.len = page,
	};
	char *memory = mmap(NULL, there + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	range.range.start = (uintptr_t)memory + there;
	if (memory == MAP_FAILED || *uffd < 0 || ioctl(*uffd, UFFDIO_API, &api) ||
	    ioctl(*uffd, UFFDIO_REGISTER, &range))
		return NULL;
	memset(memory, 'x', there);
	return memory;
}

/* Lets the page be there, all zeros. */
static inline int no_longer_pending(const char *memory, size_t there, int uffd)
{
	struct uffdio_zeropage zero = {
		.range.start = (uintptr_t)memory + there,
		.range.len = sysconf(_SC_PAGESIZE),
	};

	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

#endif /* PENDING_H */
