// SPDX-License-Identifier: GPL-2.0
/*
 * The caller's memory, read and written; and a call with a structure that has grown.
 *
 * Twin: rust_sysdemo/calls/echo.rs, fill.rs
 */
#include <linux/cleanup.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "define.h"

static void reverse(u8 *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size / 2; i++)
		swap(bytes[i], bytes[size - 1 - i]);
}

/*
 * All bytes are read before the first is written, so the areas may overlap. Nothing is touched if
 * there are none, whatever the pointers are, as with read(2).
 */
SDC_DEFINE4(echo, void __user *, dst, const void __user *, src, size_t, size, __u32, flags)
{
	u8 *bytes __free(kvfree) = NULL;

	if (flags & ~SYSDEMO_ECHO_REVERSE)
		return -EINVAL;
	/* Before the allocation: its size is the caller's word. */
	if (size > SYSDEMO_COPY_MAX)
		return -E2BIG;
	if (!size)
		return 0;
	bytes = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!bytes)
		return -ENOMEM;
	if (copy_from_user(bytes, src, size))
		return -EFAULT;
	if (flags & SYSDEMO_ECHO_REVERSE)
		reverse(bytes, size);
	if (copy_to_user(dst, bytes, size))
		return -EFAULT;
	return size;
}

/* How much is written at once. */
#define CHUNK 256

static void count_up(u8 *bytes, size_t size, u8 from)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = from + i;
}

SDC_DEFINE2(fill, const struct sysdemo_fill __user *, how, size_t, size)
{
	struct sysdemo_fill fill;
	size_t len, done, part;
	u8 chunk[CHUNK];
	int err;

	err = sdc_check_size(size, SYSDEMO_FILL_SIZE_VER0);
	if (err)
		return err;
	err = copy_struct_from_user(&fill, sizeof(fill), how, size);
	if (err)
		return err;
	if (fill.flags & ~SYSDEMO_FILL_COUNT || fill.value > U8_MAX)
		return -EINVAL;
	len = fill.len;
	if (len > SYSDEMO_COPY_MAX)
		return -E2BIG;

	/* What counts is the same in each chunk: it comes around with it. */
	BUILD_BUG_ON(CHUNK % (U8_MAX + 1));
	part = min(len, CHUNK);
	if (fill.flags & SYSDEMO_FILL_COUNT)
		count_up(chunk, part, fill.value);
	else
		memset(chunk, fill.value, part);
	for (done = 0; done < len; done += part) {
		part = min(len - done, CHUNK);
		if (copy_to_user(u64_to_user_ptr(fill.dst) + done, chunk, part))
			return -EFAULT;
	}
	return len;
}
