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
#include "tests/uring.h"

/**
 * struct door - a way for calls
 * @name: What the results call it.
 * @depths: For how many calls each time it is measured, with a 0 at the end.
 * @open: Makes it ready for turns of so many of the `records`, by the open device `fd`. NULL, or
 *	what is wrong; `not_there` if the device has no such door. May be NULL if there is nothing
 *	to be done.
 * @turn: Has the calls made, once.
 * @after: Looks at what came of the turns. NULL, or what is wrong. May be NULL if the results are
 *	in the records.
 * @close: Undoes what @open did. May be NULL.
 */
struct door {
	const char *name;
	const unsigned int *depths;
	const char *(*open)(unsigned int depth);
	void (*turn)(unsigned int i);
	const char *(*after)(void);
	void (*close)(void);
};

static const char not_there[] = "the device has no such door";

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

/* Rings of zeros: a submission of those is the call that does nothing. */
static struct sysdemo_rings rings;

static inline const char *open_rings(unsigned int count)
{
	(void)count;
	/* An open device has them once. */
	if (!sysdemo_map_rings(fd, &rings) ||
	    (errno == ENXIO && !sysdemo_open_rings(fd, SYSDEMO_RING_ENTRIES_MAX, &rings)))
		return NULL;
	return errno == ENOTTY ? not_there : failed("the rings", errno);
}

/* The same submissions each time; what comes of them is looked at afterwards. */
static inline void turn_rings(unsigned int i)
{
	(void)i;
	rings.sq_tail += depth;
	sysdemo_enter(&rings, depth);
	rings.cq_head += depth;
	__atomic_store_n(&rings.head->cq_head, rings.cq_head, __ATOMIC_RELEASE);
}

static inline const char *after_rings(void)
{
	if (rings.head->cq_tail != rings.cq_head || rings.head->refused)
		return "a call was not made";
	for (__u32 i = 0; i <= rings.cq_mask; i++) {
		if (rings.completions[i].ret)
			return "a call has failed";
	}
	return NULL;
}

static inline void close_rings(void)
{
	sysdemo_unmap_rings(&rings);
}

/* io_uring, with the records in the program's memory: as ioctl(2) has them. */
static struct uring uring;

static inline const char *open_uring_for(unsigned int count, unsigned int flags)
{
	struct sysdemo_info info;

	if (ioctl(fd, SYSDEMO_IOC_INFO, &info) || !(info.features & SYSDEMO_FEATURE_URING))
		return not_there;
	return open_uring_of(&uring, count, flags) ? failed("io_uring", errno) : NULL;
}

static inline const char *open_commands(unsigned int count)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_URING_CMD, .fd = fd, .cmd_op = SYSDEMO_IOC_CALL,
	};
	const char *wrong = open_uring_for(count, 0);

	for (unsigned int i = 0; !wrong && i <= uring.sq_mask; i++) {
		const __u64 record = (uintptr_t)&records[i % count];

		uring.sqes[i] = sqe;
		memcpy(uring.sqes[i].cmd, &record, sizeof(record));
		uring.sq_array[i] = i;
	}
	return wrong;
}

/*
 * io_uring as who is after speed has it: the records are in the queue itself, of entries of the
 * larger kind, and the ring knows the file already.
 */
static inline const char *open_fast_commands(unsigned int count)
{
	const char *wrong = open_uring_for(count, IORING_SETUP_SQE128 |
					   IORING_SETUP_SINGLE_ISSUER);

	if (wrong)
		return wrong;
	if (syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &fd, 1))
		return failed("io_uring's files", errno);
	for (unsigned int i = 0; i <= uring.sq_mask; i++) {
		struct io_uring_sqe *sqe = &uring.sqes[i << uring.sqe_shift];

		memset(sqe, 0, 2 * sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->flags = IOSQE_FIXED_FILE;
		sqe->cmd_op = SYSDEMO_IOC_CALL;
		memcpy(sqe->cmd, &records[i % count], sizeof(*records));
		uring.sq_array[i] = i;
	}
	return NULL;
}

/* What came of it is in the completions alone. */
static inline const char *after_fast_commands(void)
{
	for (unsigned int i = 0; i <= uring.cq_mask; i++) {
		if (uring.cqes[i].res)
			return "a call has failed";
	}
	if (atomic_load(uring.cq_tail) != atomic_load(uring.cq_head))
		return "a call was not made";
	return NULL;
}

static inline void turn_commands(unsigned int i)
{
	(void)i;
	atomic_fetch_add_explicit(uring.sq_tail, depth, memory_order_release);
	syscall(SYS_io_uring_enter, uring.fd, depth, depth, IORING_ENTER_GETEVENTS, NULL, 0);
	atomic_fetch_add_explicit(uring.cq_head, depth, memory_order_release);
}

static inline void close_commands(void)
{
	/* By itself a ring lets go of its files some time later: the module is to be unloaded. */
	syscall(SYS_io_uring_register, uring.fd, IORING_UNREGISTER_FILES, NULL, 0);
	close(uring.fd);
}

static const unsigned int one_by_one[] = { 1, 0 };
static const unsigned int depths_of_uring[] = { 1, 8, 64, 0 };
static const unsigned int up_to_most[] = { 1, 2, 4, 8, 16, 32, 64, 128, RECORDS, 0 };

static const struct door doors[] = {
	{ .name = "call", .depths = one_by_one, .turn = turn_call },
	{ .name = "batch", .depths = up_to_most, .open = open_batch, .turn = turn_batch },
	{ .name = "ring", .depths = up_to_most, .open = open_rings, .turn = turn_rings,
	  .after = after_rings, .close = close_rings },
	{ .name = "uring_cmd", .depths = depths_of_uring, .open = open_commands,
	  .turn = turn_commands, .close = close_commands },
	{ .name = "uring_cmd, fast", .depths = depths_of_uring, .open = open_fast_commands,
	  .turn = turn_commands, .after = after_fast_commands, .close = close_commands },
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
		.before = before_door, .turn = door->turn,
		.after = door->after ?: after_door,
	};
	const char *wrong = door->open ? door->open(count) : NULL;

	if (wrong)
		return wrong == not_there ? NULL : wrong;
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
