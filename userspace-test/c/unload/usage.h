/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the kernel's memory is in use, so that it can be seen whether something is left over each
 * time that something is done.
 *
 * How much memory is free says little: it goes up and down by itself. How many objects of each size
 * there are, and how many areas, says more: what is left over each time is as many as there were
 * times.
 */
#ifndef USAGE_H
#define USAGE_H

#include "tests/tester.h"

#define CACHES 512

struct usage {
	/* The allocator's caches, by name, and the objects in each. */
	struct {
		char name[64];
		long objects;
	} caches[CACHES];
	int count;
	/* Areas of virtual memory of the kernel's: modules, stacks and whatever is large. */
	long areas;
	/* Kilobytes of memory that each CPU has one of. */
	long percpu;
	/* Kilobytes of memory that is free or can be. */
	long available;
};

/* The number behind a word in a file like /proc/meminfo; -1 if it is not there. */
static inline long number_of(const char *text, const char *word)
{
	const char *line = strstr(text, word);

	return line ? atol(line + strlen(word)) : -1;
}

/* 0, or -1 if something cannot be told. */
static inline int take_usage(struct usage *usage)
{
	static char text[1 << 18];
	char *line, *rest = text;

	memset(usage, 0, sizeof(*usage));
	if (read_file("/proc/slabinfo", text, sizeof(text)) < 0)
		return -1;
	while ((line = strsep(&rest, "\n")) && usage->count < CACHES) {
		if (sscanf(line, "%63s %ld %*d", usage->caches[usage->count].name,
			   &usage->caches[usage->count].objects) == 2 && line[0] != '#')
			usage->count++;
	}
	if (read_file("/proc/vmallocinfo", text, sizeof(text)) <= 0)
		return -1;
	for (const char *at = text; *at; at++)
		usage->areas += *at == '\n';
	if (read_file("/proc/meminfo", text, sizeof(text)) <= 0)
		return -1;
	usage->percpu = number_of(text, "\nPercpu:");
	usage->available = number_of(text, "\nMemAvailable:");
	return usage->count && usage->areas && usage->percpu >= 0 && usage->available > 0 ? 0 : -1;
}

/* The cache that has grown most, and by how many objects. */
static inline long most_grown(const struct usage *before, const struct usage *after,
			      const char **name)
{
	long most = LONG_MIN;

	for (int i = 0; i < after->count; i++) {
		long growth = after->caches[i].objects;

		for (int j = 0; j < before->count; j++) {
			if (!strcmp(before->caches[j].name, after->caches[i].name))
				growth -= before->caches[j].objects;
		}
		if (growth > most) {
			most = growth;
			*name = after->caches[i].name;
		}
	}
	return most;
}

#endif /* USAGE_H */
