// SPDX-License-Identifier: GPL-2.0
/*
 * To open a file, and to read and write it by the number of a call.
 *
 * Twin: rust_sysdemo/calls/open.rs, rw.rs
 */
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "define.h"
#include "tree.h"

/* The descriptor is the caller's once it is told. */
SDC_DEFINE3(open, const char __user *, path, const struct sysdemo_open_how __user *, how, size_t,
	    size)
{
	struct sysdemo_open_how given;
	int err;

	err = sdc_check_size(size, SYSDEMO_OPEN_HOW_SIZE_VER0);
	if (err)
		return err;
	err = copy_struct_from_user(&given, sizeof(given), how, size);
	if (err)
		return err;
	return sdc_open_path(ctx, path, &given);
}

SDC_DEFINE3(read, __s32, fd, void __user *, buffer, size_t, count)
{
	return sdc_read_file(fd, buffer, count);
}

SDC_DEFINE3(write, __s32, fd, const void __user *, buffer, size_t, count)
{
	return sdc_write_file(fd, buffer, count);
}
