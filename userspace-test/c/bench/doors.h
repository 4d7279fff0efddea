/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The doors of a device: the ways on which calls go in. Each is measured with the call that does
 * nothing.
 *
 * A new door is a new row of the table at the end.
 */
#ifndef DOORS_H
#define DOORS_H

#include "bench/calls.h"

/**
 * struct door - a way for calls
 * @name: What the results call it.
 * @depths: For how many calls each time it is measured, with a 0 at the end.
 * @open: Makes it ready for turns of so many of the `records`, by the open device `fd`. NULL, or
 *	what is wrong. May be NULL if there is nothing to be done.
 * @turn: Has the calls made, once.
 * @close: Undoes what @open did. May be NULL.
 */
struct door {
	const char *name;
	const unsigned int *depths;
	const char *(*open)(unsigned int depth);
	void (*turn)(unsigned int i);
	void (*close)(void);
};

/* For how many at once it is told what tracing and the log take. */
#define SOME 64

/* How many calls go in each time: for turns that look that up, and for the look at what came. */
static unsigned int depth;

static struct sysdemo_batch batch;

static inline const char *open_batch(unsigned int count)
{
	batch = (struct sysdemo_batch) { .calls = (uintptr_t)records, .count = count };
	return NULL;
}

static inline void turn_batch(unsigned int i)
{
	(void)i;
	ioctl(fd, SYSDEMO_IOC_BATCH, &batch);
}

static const unsigned int one_by_one[] = { 1, 0 };
static const unsigned int up_to_most[] = { 1, 2, 4, 8, 16, 32, 64, 128, RECORDS, 0 };

static const struct door doors[] = {
	{ .name = "call", .depths = one_by_one, .turn = turn_call },
	{ .name = "batch", .depths = up_to_most, .open = open_batch, .turn = turn_batch },
};

static inline const char *before_door(void)
{
	for (unsigned int i = 0; i < RECORDS; i++)
		records[i] = (struct sysdemo_call) { .nr = SYSDEMO_NR_NULL, .ret = UNTOUCHED };
	return NULL;
}

static inline const char *after_door(void)
{
	for (unsigned int i = 0; i < depth; i++) {
		if (records[i].ret)
			return "a call was not made";
	}
	return NULL;
}

/* Measures one door with so many calls each time. NULL, or what is wrong. */
static inline const char *measure_door(const struct door *door, unsigned int count,
				       const char *name, bool traced)
{
	const struct subject subject = {
		.device = device_name, .name = name, .door = door->name, .traced = traced,
		.depth = count, .turns = count < TURNS / 4 ? TURNS / count : 4,
		.before = before_door, .turn = door->turn, .after = after_door,
	};
	const char *wrong = door->open ? door->open(count) : NULL;

	if (wrong)
		return wrong;
	depth = count;
	wrong = measure(&subject);
	if (door->close)
		door->close();
	return wrong;
}

/* Measures all doors. NULL, or what is wrong. */
static inline const char *measure_doors(void)
{
	static char where[192];

	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		for (const unsigned int *at = doors[i].depths; *at; at++) {
			const char *wrong = measure_door(&doors[i], *at, "null", false);

			if (wrong) {
				snprintf(where, sizeof(where), "%s of %u: %s", doors[i].name, *at,
					 wrong);
				return where;
			}
		}
	}
	return NULL;
}

#endif /* DOORS_H */
