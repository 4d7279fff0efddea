// SPDX-License-Identifier: GPL-2.0
/*
 * Calls by rings in memory that a program shares with the module.
 *
 * The program may write anything there at any time. So each word is read once, and nothing that the
 * module has written is read again: how many entries there are, how far it has come and what it has
 * counted is known here.
 *
 * Twin: rust_sysdemo/device/shared_ring.rs
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "dispatch.h"
#include "shared.h"

struct sdc_ring {
	struct sysdemo_ring_head *head;
	struct sysdemo_submission *submissions;
	struct sysdemo_completion *completions;
	/* Of all of it, in bytes. */
	size_t size;
	/* How many submissions there is room for, a power of two; of completions, twice as many. */
	u32 entries;
	/* Of what follows, to take a turn and to give it back; not held while a call is made. */
	spinlock_t lock;
	bool taken;
	/* How many calls were made: each has a submission and a completion. */
	u32 made;
	u64 refused;
};

/* The rings of an open device, once there are some. */
static struct sdc_ring *ring_of(struct sdc_session *session)
{
	/* Pairs with the cmpxchg_release() in sdc_ring_set_up(). */
	return smp_load_acquire(&session->ring);
}

static struct sdc_ring *new_ring(u32 entries)
{
	size_t submissions = entries * sizeof(struct sysdemo_submission);
	size_t completions = 2 * entries * sizeof(struct sysdemo_completion);
	struct sdc_ring *ring;

	/* On the account of who asks. */
	ring = kzalloc_obj(*ring, GFP_KERNEL_ACCOUNT);
	if (!ring)
		return NULL;
	ring->size = PAGE_ALIGN(sizeof(*ring->head) + submissions + completions);
	ring->head = __vmalloc(ring->size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!ring->head) {
		kfree(ring);
		return NULL;
	}
	ring->submissions = (void *)(ring->head + 1);
	ring->completions = (void *)(ring->submissions + entries);
	ring->entries = entries;
	spin_lock_init(&ring->lock);
	return ring;
}

void sdc_ring_free(struct sdc_ring *ring)
{
	if (!ring)
		return;
	vfree(ring->head);
	kfree(ring);
}

/* SYSDEMO_IOC_RING: makes rings, if a number of entries is asked for, and tells of them. */
long sdc_ring_set_up(struct sdc_session *session, struct sysdemo_ring __user *arg)
{
	struct sysdemo_ring request;
	struct sdc_ring *ring;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (request.flags || request.entries > SYSDEMO_RING_ENTRIES_MAX ||
	    (request.entries && !is_power_of_2(request.entries)))
		return -EINVAL;
	if (request.entries) {
		if (READ_ONCE(session->ring))
			return -EBUSY;
		ring = new_ring(request.entries);
		if (!ring)
			return -ENOMEM;
		/* Of two who make some at once one is first. Pairs with ring_of(). */
		if (cmpxchg_release(&session->ring, NULL, ring)) {
			sdc_ring_free(ring);
			return -EBUSY;
		}
	}
	ring = ring_of(session);
	if (ring) {
		request.size = ring->size;
		request.sq_entries = ring->entries;
		request.cq_entries = 2 * ring->entries;
		request.sq = (void *)ring->submissions - (void *)ring->head;
		request.cq = (void *)ring->completions - (void *)ring->head;
		request.pad = 0;
	} else {
		memset(&request, 0, sizeof(request));
	}
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

int sdc_ring_map(struct sdc_session *session, struct vm_area_struct *vma)
{
	struct sdc_ring *ring = ring_of(session);

	if (!ring)
		return -ENXIO;
	/* To be shared, by who may write. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return sdc_map_memory(vma, ring->head, ring->size, true);
}

/* How many calls can be made of those that are asked for. -EAGAIN if the first one cannot be. */
static int count_possible(struct sdc_ring *ring, u32 asked, u32 made, u64 *refused)
{
	/* Pairs with the program's release: what it announces is read afterwards. */
	u32 submitted = smp_load_acquire(&ring->head->sq_tail) - made;
	/* Likewise: what it has taken is written over afterwards. */
	u32 completed = made - smp_load_acquire(&ring->head->cq_head);
	/* Who has put in more than there is room for has written over some. */
	u32 waiting = min3(asked, submitted, ring->entries);
	/* Who has taken out more than was put in has no room. */
	u32 room = 2 * ring->entries - min(completed, 2 * ring->entries);

	if (room >= waiting)
		return waiting;
	WRITE_ONCE(ring->head->refused, ++*refused);
	return room ?: -EAGAIN;
}

/* Makes the call of a submission. */
static __always_inline s64 make_call(struct sdc_context *ctx,
				     const struct sysdemo_submission *submission)
{
	u64 args[SYSDEMO_ARGS_MAX];
	u32 nr;
	int i;

	nr = READ_ONCE(submission->nr);
	if (unlikely(READ_ONCE(submission->flags)))
		return -EINVAL;
	for (i = 0; i < SYSDEMO_ARGS_MAX; i++)
		args[i] = READ_ONCE(submission->args[i]);
	return sdc_dispatch_once(ctx, nr, args);
}

/* Makes so many calls, or fewer if a signal comes; gives how many. */
static u32 make_calls(struct sdc_context *ctx, struct sdc_ring *ring, u32 first, u32 count)
{
	u32 done = 0;

	while (done < count) {
		u32 next = first + done;
		struct sysdemo_submission *submission =
			&ring->submissions[next & (ring->entries - 1)];
		struct sysdemo_completion *completion =
			&ring->completions[next & (2 * ring->entries - 1)];
		s64 ret = make_call(ctx, submission);

		WRITE_ONCE(completion->user_data, READ_ONCE(submission->user_data));
		WRITE_ONCE(completion->ret, ret);
		/* The result cannot fail to reach the caller. */
		if (unlikely(ctx->opened))
			sdc_install(ctx);
		done++;
		/* Pairs with the program's acquire: it finds the completion. */
		smp_store_release(&ring->head->cq_tail, next + 1);
		/* After a call, so that who is sent a signal again and again gets on as well. */
		if (signal_pending(current))
			break;
	}
	return done;
}

/* SYSDEMO_IOC_ENTER: gives how many calls were made. */
long sdc_ring_enter(struct sdc_context *ctx, unsigned long asked)
{
	struct sdc_ring *ring = ring_of(ctx->session);
	u64 refused;
	u32 made;
	int count;

	if (!ring)
		return -ENXIO;
	scoped_guard(spinlock, &ring->lock) {
		if (ring->taken)
			return -EBUSY;
		ring->taken = true;
		made = ring->made;
		refused = ring->refused;
	}
	count = count_possible(ring, min(asked, U32_MAX), made, &refused);
	if (count > 0) {
		count = make_calls(ctx, ring, made, count);
		made += count;
	}
	if (count >= 0) {
		/* Pairs with the program's acquire: it may write over what was read. */
		smp_store_release(&ring->head->sq_head, made);
	}
	scoped_guard(spinlock, &ring->lock) {
		ring->taken = false;
		ring->made = made;
		ring->refused = refused;
	}
	return count;
}
