/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an operation leaves in the kernel's memory, be there a pointer to it or not: what it
 * allocates, by the kernel's own trace, and nobody frees.
 *
 * The counters of the caches are no help: with KASAN what was freed stays in use for long, and to
 * have it given back, cache by cache, takes a second and more.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "tests/tester.h"

/* A trace of its own, so that nobody else's is disturbed. */
#define TRACE "/sys/kernel/tracing/instances/sweep"

/* More than what any operation leaves for others to free. */
#define MOST_KEPT 4096

/* How long that may take, in tenths of a second: what waits for RCU is freed after five seconds. */
#define PATIENCE 100

/**
 * struct kept - memory that is not freed yet
 * @ptr: Where it is, in whatever way the kernel tells of addresses.
 * @site: Who allocated it, and how much of it.
 */
struct kept {
	char ptr[24];
	char site[64];
};

/**
 * struct memory - a trace of what is allocated and freed
 * @pipe: Where it is read.
 * @line: What has been read of a line.
 * @length: How much that is.
 * @count: How many are not freed yet.
 * @kept: Those.
 */
struct memory {
	int pipe;
	char line[512];
	size_t length;
	unsigned int count;
	struct kept kept[MOST_KEPT];
};

/*
 * What RCU frees in bulk is freed without a trace. Of what an open device takes that is one object,
 * behind whatever can be waited for; which one is found out by opening one. That it is freed is for
 * kmemleak to tell.
 */
static char freed_in_bulk[64];

static inline int memory_trace(const char *event, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), TRACE "/events/kmem/%s/%s", event, file);
	return write_file(path, "%s", text);
}

/* From now on what this thread allocates is noted, or no longer. */
static inline int memory_watch(bool on)
{
	return memory_trace("kmalloc", "enable", on ? "1" : "0") ||
	       memory_trace("kmem_cache_alloc", "enable", on ? "1" : "0");
}

static inline int memory_open(struct memory *memory)
{
	char filter[32];

	snprintf(filter, sizeof(filter), "common_pid == %d", gettid());
	memory->count = 0;
	memory->length = 0;
	if (mkdir(TRACE, 0700) || memory_trace("kmalloc", "filter", filter) ||
	    memory_trace("kmem_cache_alloc", "filter", filter) ||
	    memory_trace("kfree", "enable", "1") || memory_trace("kmem_cache_free", "enable", "1"))
		return -1;
	memory->pipe = open(TRACE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return memory->pipe < 0 ? -1 : 0;
}

static inline int memory_close(struct memory *memory)
{
	close(memory->pipe);
	return rmdir(TRACE);
}

/*
 * Whether it is memory that the kernel keeps for itself: what kmemleak notes of each object, and
 * what says where in an address space something is, which goes in bulk, when much of it has come
 * together. That none of it is lost is for kmemleak to tell.
 */
static inline bool is_kept_by_kernel(const char *site)
{
	static const char *const sites[] = {
		"__alloc_object+", "kmemleak_scan_area+", "alloc_vmap_area+", "mas_alloc_nodes+",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
		if (!strncmp(site, sites[i], strlen(sites[i])))
			return true;
	}
	return false;
}

/* Takes a line of the trace into account. */
static inline int memory_note(struct memory *memory, const char *line)
{
	const char *site = strstr(line, "call_site="), *ptr = strstr(line, " ptr=");
	const char *size = strstr(line, " bytes_req=");
	struct kept new = { 0 };
	unsigned long bytes;

	/* Some were lost: then nothing can be said of what is left. */
	if (strstr(line, " EVENTS]"))
		return -1;
	if (!site || !ptr || sscanf(ptr, " ptr=%23s", new.ptr) != 1 ||
	    sscanf(site, "call_site=%63s", new.site) != 1)
		return 0;
	if (is_kept_by_kernel(new.site))
		return 0;
	if (size && sscanf(size, " bytes_req=%lu", &bytes) == 1)
		snprintf(new.site + strlen(new.site), sizeof(new.site) - strlen(new.site),
			 " (%lu bytes)", bytes);
	if (*freed_in_bulk && !strcmp(new.site, freed_in_bulk))
		return 0;
	for (unsigned int i = 0; i < memory->count; i++) {
		if (!strcmp(memory->kept[i].ptr, new.ptr)) {
			memory->kept[i] = memory->kept[--memory->count];
			break;
		}
	}
	if (!strstr(line, "kmalloc: ") && !strstr(line, "kmem_cache_alloc: "))
		return 0;
	if (memory->count == MOST_KEPT)
		return -1;
	memory->kept[memory->count++] = new;
	return 0;
}

/* Reads what there is of the trace. */
static inline int memory_read(struct memory *memory)
{
	char text[4096];
	ssize_t length;

	while ((length = read(memory->pipe, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] != '\n') {
				if (memory->length < sizeof(memory->line) - 1)
					memory->line[memory->length++] = text[i];
				continue;
			}
			memory->line[memory->length] = '\0';
			memory->length = 0;
			if (memory_note(memory, memory->line))
				return -1;
		}
	}
	return 0;
}

/* How much of what was noted comes from one place, at least so often; NULL if nothing does. */
static inline const char *memory_kept(const struct memory *memory, unsigned int least)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		unsigned int times = 0;

		for (unsigned int j = i; j < memory->count; j++)
			times += !strcmp(memory->kept[i].site, memory->kept[j].site);
		if (times >= least)
			return memory->kept[i].site;
	}
	return NULL;
}

/*
 * Finds out what is freed in bulk. -1 if it is not one kind of object, and one of each open device.
 */
static inline int memory_learn(struct memory *memory, const char *device)
{
	int fds[8];

	for (int round = 0; round < 2; round++) {
		/* The first round takes what later ones find. */
		memory->count = 0;
		if (memory_read(memory) || memory_watch(true))
			return -1;
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			fds[i] = open(device, O_RDWR | O_CLOEXEC);
		if (memory_watch(false))
			return -1;
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			close(fds[i]);
		/* All else is freed within a moment. */
		usleep(500000);
		if (memory_read(memory))
			return -1;
	}
	for (unsigned int i = 0; i < memory->count; i++) {
		unsigned int times = 0;

		for (unsigned int j = 0; j < memory->count; j++)
			times += !strcmp(memory->kept[i].site, memory->kept[j].site);
		if (times < ARRAY_SIZE(fds) - 1)
			continue;
		if (times > ARRAY_SIZE(fds) ||
		    (*freed_in_bulk && strcmp(freed_in_bulk, memory->kept[i].site)))
			return -1;
		snprintf(freed_in_bulk, sizeof(freed_in_bulk), "%s", memory->kept[i].site);
	}
	memory->count = 0;
	return 0;
}

#endif /* MEMORY_H */
