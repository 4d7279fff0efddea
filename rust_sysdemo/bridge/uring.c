// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot ask of a command by io_uring, which is in no bindings.
 */
#include <linux/io_uring/cmd.h>
#include <linux/unroll.h>

#include "shims.h"

void sysdemo_uring_read(const struct io_uring_cmd *cmd, unsigned int issue_flags,
			struct sysdemo_uring_request *out)
{
	const bool is_wide = issue_flags & IO_URING_F_SQE128;
	const unsigned long long *words = io_uring_sqe_cmd(cmd->sqe, unsigned long long);

	BUILD_BUG_ON(2 * sizeof(struct io_uring_sqe) - offsetof(struct io_uring_sqe, cmd) !=
		     sizeof(out->words));

	/* Most of the time this is memory that the program has as well. */
	out->words[0] = READ_ONCE(words[0]);
	out->words[1] = READ_ONCE(words[1]);
	/* A loop would cost as much again. */
	unrolled_full
	for (unsigned int i = 2; i < SYSDEMO_URING_WORDS; i++)
		out->words[i] = is_wide ? READ_ONCE(words[i]) : 0;
	out->file = cmd->file;
	/* These two are the kernel's own copies. */
	out->op = cmd->cmd_op;
	out->flags = cmd->flags & IORING_URING_CMD_MASK;
	out->is_wide = is_wide;
	out->may_wait = !(issue_flags & IO_URING_F_NONBLOCK);
	out->is_compat = !!(issue_flags & IO_URING_F_COMPAT);
	out->has_room = !!(issue_flags & IO_URING_F_CQE32);
}

void sysdemo_uring_done(struct io_uring_cmd *cmd, int res, unsigned long long all, int has_room,
			unsigned int issue_flags)
{
	if (has_room)
		io_uring_cmd_done32(cmd, res, all, issue_flags);
	else
		io_uring_cmd_done(cmd, res, issue_flags);
}
