/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that calls are given: a thread's own, memory that other threads write to meanwhile,
 * memory that comes and goes, and addresses where there is none.
 *
 * All of it is below 4 GiB, so that it can be named by the door of 32-bit programs as well, and
 * behind each area there is none.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "stress/random.h"

#include <stdatomic.h>

/* Twice as much as the largest copy: one that starts in the first half stays within. */
#define HALF SYSDEMO_COPY_MAX
#define AREA_SIZE (2 * HALF)
#define PAGE 4096

/* Always there, always changing. */
#define CHANGING 2
/* There or not. A thread touches them only by calls: it would be killed. */
#define FLEETING 4
/* The one of those that is a file's, which may end before it does. */
#define OF_A_FILE 0

/* Few, so that who waits for one and who wakes for one meet. */
#define WORDS 2

static unsigned char *changing[CHANGING], *fleeting[FLEETING];
static atomic_uint *words;
static int file;

static inline unsigned char *make_area(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned char *area;

#ifdef MAP_32BIT
	flags |= MAP_32BIT;
#endif
	area = mmap(NULL, AREA_SIZE + PAGE, PROT_NONE, flags, -1, 0);
	if (area == MAP_FAILED || mprotect(area, AREA_SIZE, PROT_READ | PROT_WRITE))
		return NULL;
	return area;
}

static inline int make_areas(void)
{
	for (int i = 0; i < CHANGING; i++) {
		changing[i] = make_area();
		if (!changing[i])
			return -1;
	}
	for (int i = 0; i < FLEETING; i++) {
		fleeting[i] = make_area();
		if (!fleeting[i])
			return -1;
	}
	words = (atomic_uint *)make_area();
	if (!words)
		return -1;
	file = memfd_create("stress", MFD_CLOEXEC);
	return file < 0 ? -1 : 0;
}

/*
 * Takes a fleeting area away, or brings it back. What is mapped takes the place of what was there
 * at once: no other mapping can get in between.
 */
static inline void change_fleeting(struct stream *stream)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	int protection = protections[random_below(stream, ARRAY_SIZE(protections))];
	int i = random_below(stream, FLEETING);
	size_t from = random_below(stream, AREA_SIZE / PAGE) * PAGE;
	size_t size = random_once_in(stream, 2) ? AREA_SIZE - from : PAGE;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, fd = -1;

	switch (random_below(stream, 5)) {
	case 0:
		mprotect(fleeting[i] + from, size, protection);
		return;
	case 1:
		madvise(fleeting[i] + from, size, MADV_DONTNEED);
		return;
	case 2:
		if (ftruncate(file, random_once_in(stream, 2) ? 0 : AREA_SIZE))
			abort();
		return;
	}
	if (i == OF_A_FILE) {
		flags = MAP_SHARED | MAP_FIXED;
		fd = file;
	}
	if (mmap(fleeting[i] + from, size, protection, flags, fd, fd < 0 ? 0 : from) == MAP_FAILED)
		abort();
}

/* What no program has, or this one has not. */
static inline __u64 no_address(struct stream *stream)
{
	static const __u64 addresses[] = {
		0, 1, PAGE - 1, -1ULL, -4096ULL, 0x7ffffffff000, 0x800000000000,
		0xffff800000000000, 0xffffffff81000000, 0x8000000000000000, 0xfffffff0,
	};

	return addresses[random_below(stream, ARRAY_SIZE(addresses))];
}

/* An address of which it is not known what is there, if anything. */
static inline __u64 any_address(struct stream *stream, unsigned char *own)
{
	unsigned char *area;

	switch (random_below(stream, 10)) {
	case 0 ... 2:
		area = changing[random_below(stream, CHANGING)];
		break;
	case 3 ... 5:
		area = fleeting[random_below(stream, FLEETING)];
		break;
	case 6 ... 7:
		area = own;
		break;
	default:
		return no_address(stream);
	}
	/* At the start, anywhere, or where it ends too early. */
	switch (random_below(stream, 4)) {
	case 0:
		return (uintptr_t)area + random_below(stream, HALF);
	case 1:
		return (uintptr_t)area + AREA_SIZE - random_below(stream, 100);
	default:
		return (uintptr_t)area;
	}
}

#endif /* MEMORY_H */
