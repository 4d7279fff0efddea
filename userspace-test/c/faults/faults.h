/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on demand: the n-th chance to fail that a thread gives the kernel fails, or every
 * allocation does.
 *
 * A chance to fail is an allocation (slab or pages) or a copy from or to user memory. See
 * Documentation/fault-injection/fault-injection.rst, "fail-nth" and "make-it-fail".
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "tests/tester.h"

#include <dirent.h>
#include <limits.h>
#include <sys/klog.h>

/* More chances than any operation has. */
#define NEVER 1000000000U

/**
 * struct faults - what makes this thread's faults
 * @nth: The file that says which chance of this thread fails.
 * @all: The file that says whether every allocation of it does.
 */
struct faults {
	int nth;
	int all;
};

/* What came of the attempts of a sweep, those with a fault in them. */
struct tally {
	unsigned int injected;
	unsigned int enomem;
	unsigned int efault;
	/* The fault made no difference: there was another way, or it was nobody's business. */
	unsigned int survived;
	/* The error with no memory at all, 0 if none was needed. */
	long starved;
};

/* Counts what a fault ended in; says whether that is one of the two errors that it may end in. */
static inline bool count_error(struct tally *tally, long error)
{
	if (error == -ENOMEM)
		tally->enomem++;
	else if (error == -EFAULT)
		tally->efault++;
	else
		return false;
	return true;
}

/* Whether this kernel can make faults at all. */
static inline bool faults_are_possible(void)
{
	return !access("/proc/thread-self/fail-nth", F_OK) &&
	       !access("/sys/kernel/debug/failslab", F_OK);
}

/* Lets all kinds of allocations fail, in silence: such as may wait, and single pages. */
static inline int faults_configure(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "failslab/verbose", "0" },
		{ "failslab/task-filter", "Y" },
		{ "failslab/probability", "100" },
		{ "failslab/times", "-1" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_page_alloc/task-filter", "Y" },
		{ "fail_page_alloc/probability", "100" },
		{ "fail_page_alloc/times", "-1" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		if (write_file(path, "%s", settings[i][1]))
			return -1;
	}
	/* The program itself shall take no memory while a fault is waiting. */
	return mlockall(MCL_CURRENT | MCL_FUTURE);
}

static inline int faults_open(struct faults *faults)
{
	faults->nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	faults->all = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	return faults->nth < 0 || faults->all < 0 ? -1 : 0;
}

static inline void faults_close(struct faults *faults)
{
	close(faults->nth);
	close(faults->all);
}

/* Says that the n-th chance from now on fails. */
static inline int faults_arm(const struct faults *faults, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	return pwrite(faults->nth, text, length, 0) == length ? 0 : -1;
}

/* Ends it. How many chances more it would have taken: with 0, there has been a fault. */
static inline unsigned int faults_disarm(const struct faults *faults)
{
	char text[16] = "";
	unsigned int rest = 1;

	/* To read copies to user memory: if that fails, it was the next chance. */
	if (pread(faults->nth, text, sizeof(text) - 1, 0) > 0)
		rest = strtoul(text, NULL, 10);
	/* To write may fail the same way, but not twice. */
	if (pwrite(faults->nth, "0", 1, 0) != 1 && pwrite(faults->nth, "0", 1, 0) != 1)
		abort();
	return rest;
}

/* From now on, or no longer, there is no memory for this thread. */
static inline void faults_starve(const struct faults *faults, bool starve)
{
	if (pwrite(faults->all, starve ? "1" : "0", 1, 0) != 1)
		abort();
}

static inline int count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* How many use the module; -1 if it is not there. */
static inline int count_module_users(void)
{
	char text[16384], *line;
	int users;

	if (read_file("/proc/modules", text, sizeof(text)) < 0)
		return -2;
	line = strstr(text, "sysdemo ");
	if (!line || (line > text && line[-1] != '\n') || sscanf(line, "%*s %*u %d", &users) != 1)
		return -1;
	return users;
}

/*
 * The kernel's checks need memory themselves, and some give up for good if they get none. What a
 * sweep proves is worth something only if they were there to its end. NULL, or who is not.
 */
static inline const char *who_gave_up(void)
{
	static char log[1 << 18];
	int length = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);
	char stats[8192], *line;
	unsigned int on = 0;

	/* A setting that it has anyway: refused if it is off. */
	if (write_file("/sys/kernel/debug/kmemleak", "stack=on"))
		return "kmemleak";
	if (length < 0 || strstr(log, "ODEBUG disabled"))
		return "debug objects";
	if (read_file("/proc/lockdep_stats", stats, sizeof(stats)) < 0)
		return "lockdep, without statistics";
	line = strstr(stats, "debug_locks:");
	if (!line || sscanf(line, "debug_locks: %u", &on) != 1 || !on)
		return "lockdep";
	return NULL;
}

#endif /* FAULTS_H */
