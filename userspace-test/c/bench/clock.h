/* SPDX-License-Identifier: GPL-2.0 */
/*
 * By what it is measured: instructions, where the machine counts them, otherwise nanoseconds, and
 * cycles where the kernel lets programs count those.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <errno.h>
#include <linux/perf_event.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Whether the processor's clock is one of instructions: see count_instructions(). */
static bool clock_counts;

/* The counter of cycles, or -1. */
static int cycle_counter = -1;

/* The processor's own clock, which nobody has calibrated. */
static inline __u64 ticks(void)
{
	__u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (__u64)high << 32 | low;
}

static inline __u64 now(void)
{
	struct timespec t;

	if (clock_counts)
		return ticks();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline __u64 cycles(void)
{
	__u64 value;

	return read(cycle_counter, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

#define LOOPS 10000
/* Into most tries no interrupt falls. */
#define TRIES 10

/* Whether loops of so many instructions took as many ticks of the clock. */
static inline bool is_count(__u64 took, unsigned int instructions)
{
	return took >= LOOPS * instructions && took < LOOPS * instructions * 101 / 100;
}

/*
 * Under `qemu -icount shift=0,sleep=off` the clock goes on by one with each instruction, whatever
 * it is, and whatever the host is doing. On hardware two loops, one of which waits for what it
 * computes, never both take a tick for each instruction.
 */
static inline bool count_instructions(void)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 start, plain, waiting, value = 1, left = LOOPS;

		start = ticks();
		asm volatile("1: dec %0\n\tjnz 1b" : "+r" (left));
		plain = ticks() - start;
		left = LOOPS;
		start = ticks();
		asm volatile("1: imul $7, %1, %1\n\timul $7, %1, %1\n\tdec %0\n\tjnz 1b"
			     : "+r" (left), "+r" (value));
		waiting = ticks() - start;
		if (is_count(plain, 2) && is_count(waiting, 4))
			return true;
	}
	return false;
}

/* Starts to count cycles of this thread, in the kernel as well. NULL, or why that cannot be. */
static inline const char *count_cycles(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES, .exclude_hv = 1,
	};

	cycle_counter = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return cycle_counter < 0 ? strerror(errno) : NULL;
}

static inline const char *unit(void)
{
	return clock_counts ? "instructions" : "nanoseconds";
}

#endif /* CLOCK_H */
