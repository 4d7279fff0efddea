/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all threads and processes of a stress test have in common: when to end, what was done how
 * often and how it ended, and the first thing that was wrong.
 */
#ifndef TALLY_H
#define TALLY_H

#include "tests/tester.h"

#include <stdatomic.h>
#include <time.h>

/* More than any errno. */
#define ERRNOS 160

/* How often something was done, and how it ended. 0 stands for success. */
struct tally {
	const char *name;
	atomic_uint ended[ERRNOS];
};

/* Room for each call, and for what is no call. */
#define TALLIES (SYSDEMO_RESTRICT_CALLS + 32)

static struct shared {
	atomic_bool stop;
	atomic_flag failed;
	atomic_bool told;
	char failure[512];
	struct tally tallies[TALLIES];
} *shared;

/* Notes what is wrong, if it is the first thing, and ends the test. */
static inline __printf(1, 2) void fail(const char *format, ...)
{
	va_list list;

	if (!atomic_flag_test_and_set(&shared->failed)) {
		va_start(list, format);
		vsnprintf(shared->failure, sizeof(shared->failure), format, list);
		va_end(list);
		atomic_store(&shared->told, true);
	}
	atomic_store(&shared->stop, true);
}

/* To be shared with the children to come. */
static inline int make_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

static inline void count(struct tally *tally, int error)
{
	atomic_fetch_add_explicit(&tally->ended[error], 1, memory_order_relaxed);
}

static inline unsigned int counted(const struct tally *tally, int error)
{
	return atomic_load_explicit(&tally->ended[error], memory_order_relaxed);
}

static inline void show_tallies(void)
{
	for (int i = 0; i < TALLIES; i++) {
		const struct tally *tally = &shared->tallies[i];
		char line[512];
		int length = 0;

		for (int error = 0; error < ERRNOS && length < 400; error++) {
			if (counted(tally, error))
				length += snprintf(line + length, sizeof(line) - length, " %u %s",
						   counted(tally, error),
						   error ? strerrorname_np(error) : "ok");
		}
		if (length)
			ksft_print_msg("%s:%s\n", tally->name, line);
	}
}

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Sleeps, in spite of signals. */
static inline void pause_for(double seconds)
{
	double end = now() + seconds, left;

	while ((left = end - now()) > 0 && !atomic_load(&shared->stop)) {
		/* In slices, to see that there is no need to wait any more. */
		struct timespec time = { .tv_nsec = (left < 0.1 ? left : 0.1) * 1e9 };

		nanosleep(&time, NULL);
	}
}

#endif /* TALLY_H */
