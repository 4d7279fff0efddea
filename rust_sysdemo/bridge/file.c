// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot ask of a file and a read: FMODE_NOWAIT and IOCB_NOWAIT are constants that
 * bindgen cannot make.
 */
#include <linux/fs.h>

#include "shims.h"

void sysdemo_open_stream(struct inode *inode, struct file *file)
{
	/* It gives a number only so that it can be an open of its own, and never fails. */
	stream_open(inode, file);
	file->f_mode |= FMODE_NOWAIT;
}

int sysdemo_kiocb_may_wait(const struct kiocb *iocb)
{
	return !(iocb->ki_flags & IOCB_NOWAIT) &&
	       !(READ_ONCE(iocb->ki_filp->f_flags) & O_NONBLOCK);
}
