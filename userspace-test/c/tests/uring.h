/* SPDX-License-Identifier: GPL-2.0 */
/*
 * io_uring without a library, as far as one request at a time needs it: for callers of 32 bits as
 * well.
 */
#ifndef URING_H
#define URING_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Entries of a ring, where it does not matter. */
#define URING_ENTRIES 8

/* A ring. Its submissions may be twice as large, and its completions as well. */
struct uring {
	int fd;
	atomic_uint *sq_tail, *cq_head, *cq_tail;
	unsigned int *sq_array, sq_mask, cq_mask, sqe_shift, cqe_shift;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static inline int open_uring_of(struct uring *ring, unsigned int entries, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };
	size_t size, sqe, cqe;
	char *memory;

	ring->sqe_shift = !!(flags & IORING_SETUP_SQE128);
	ring->cqe_shift = !!(flags & IORING_SETUP_CQE32);
	sqe = sizeof(*ring->sqes) << ring->sqe_shift;
	cqe = sizeof(*ring->cqes) << ring->cqe_shift;
	ring->fd = syscall(SYS_io_uring_setup, entries, &params);
	if (ring->fd < 0 || !(params.features & IORING_FEAT_SINGLE_MMAP))
		return -1;
	size = params.cq_off.cqes + params.cq_entries * cqe;
	if (size < params.sq_off.array + params.sq_entries * sizeof(*ring->sq_array))
		size = params.sq_off.array + params.sq_entries * sizeof(*ring->sq_array);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
		      IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, params.sq_entries * sqe, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (memory == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -1;
	ring->sq_tail = (void *)(memory + params.sq_off.tail);
	ring->sq_array = (void *)(memory + params.sq_off.array);
	ring->sq_mask = *(unsigned int *)(memory + params.sq_off.ring_mask);
	ring->cq_head = (void *)(memory + params.cq_off.head);
	ring->cq_tail = (void *)(memory + params.cq_off.tail);
	ring->cq_mask = *(unsigned int *)(memory + params.cq_off.ring_mask);
	ring->cqes = (void *)(memory + params.cq_off.cqes);
	return 0;
}

static inline int open_uring_with(struct uring *ring, unsigned int flags)
{
	return open_uring_of(ring, URING_ENTRIES, flags);
}

static inline int open_uring(struct uring *ring)
{
	return open_uring_with(ring, 0);
}

/* Where the next submission goes. */
static inline struct io_uring_sqe *next_sqe(struct uring *ring)
{
	unsigned int index = atomic_load(ring->sq_tail) & ring->sq_mask;

	return &ring->sqes[index << ring->sqe_shift];
}

/* Asks for what is there; 0 if it was taken. */
static inline int submit_next(struct uring *ring)
{
	unsigned int tail = atomic_load(ring->sq_tail);

	ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
	atomic_store(ring->sq_tail, tail + 1);
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

/* Asks for something; 0 if it was taken. */
static inline int submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	*next_sqe(ring) = *sqe;
	return submit_next(ring);
}

static inline bool is_done(struct uring *ring)
{
	return atomic_load(ring->cq_tail) != atomic_load(ring->cq_head);
}

/* Waits for what was asked for, and gives what came of it; NULL if that fails. */
static inline const struct io_uring_cqe *wait_for_cqe(struct uring *ring)
{
	unsigned int head = atomic_load(ring->cq_head);

	while (!is_done(ring)) {
		if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
			    0) < 0)
			return NULL;
	}
	/* It is there until as many others are. */
	atomic_store(ring->cq_head, head + 1);
	return &ring->cqes[(head & ring->cq_mask) << ring->cqe_shift];
}

static inline int wait_for_it(struct uring *ring)
{
	const struct io_uring_cqe *cqe = wait_for_cqe(ring);

	return cqe ? cqe->res : -errno;
}

#endif /* URING_H */
