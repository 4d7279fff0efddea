// SPDX-License-Identifier: GPL-2.0
/*
 * The door of io_uring: the commands of ioctl(2), many at once, and in the background.
 *
 * Twin: rust_sysdemo/device/uring.rs, rust_sysdemo/bridge/uring.rs
 */
#include <linux/io_uring/cmd.h>

#include "dispatch.h"
#include "uring.h"

/* How many words an entry has room for: of the smaller kind, and of the larger. */
#define WORDS		2
#define WIDE_WORDS	10

/* Whether a call is there to sleep. */
static bool call_sleeps(u32 nr)
{
	return nr == SYSDEMO_NR_SLEEP || nr == SYSDEMO_NR_WAIT;
}

/* Makes a call whose record is in the entry, and is nowhere else. */
static int call_of_words(struct sdc_context *ctx, const u64 *words, bool may_wait, s64 *ret)
{
	struct sysdemo_call call;
	const int rest = sizeof(call) / sizeof(*words);

	memcpy(&call, words, sizeof(call));
	if (call.flags || words[rest] || words[rest + 1])
		return -EINVAL;
	if (!may_wait && call_sleeps(call.nr))
		return -EAGAIN;
	*ret = sdc_dispatch_once(ctx, call.nr, call.args);
	if (ctx->opened)
		sdc_install(ctx);
	return 0;
}

/* Makes a call whose record is in the caller's memory, and writes the result there as well. */
static int call_of_record(struct sdc_context *ctx, struct sysdemo_call __user *record,
			  bool may_wait, s64 *ret)
{
	struct sysdemo_call call;
	int err;

	err = sdc_read_call(&call, record);
	if (err)
		return err;
	/* Whoever makes it then reads the record anew, and checks that. */
	if (!may_wait && call_sleeps(call.nr))
		return -EAGAIN;
	*ret = sdc_dispatch_once(ctx, call.nr, call.args);
	return sdc_answer(ctx, record, *ret);
}

/* Does what a command asks for. @again: it has to be made by who may wait. */
static int run(struct sdc_context *ctx, const struct io_uring_cmd *cmd, unsigned int issue_flags,
	       s64 *ret, bool *again)
{
	const u64 *entry = io_uring_sqe_cmd(cmd->sqe, u64);
	const bool wide = issue_flags & IO_URING_F_SQE128;
	const bool may_wait = !(issue_flags & IO_URING_F_NONBLOCK);
	u64 words[WIDE_WORDS] = { };
	void __user *arg;
	int i, err;

	/* Most of the time this is memory that the program has as well. */
	for (i = 0; i < (wide ? WIDE_WORDS : WORDS); i++)
		words[i] = READ_ONCE(entry[i]);
	if (cmd->flags & IORING_URING_CMD_MASK)
		return -EINVAL;
	if (cmd->cmd_op == SYSDEMO_IOC_CALL && wide) {
		err = call_of_words(ctx, words, may_wait, ret);
		*again = err == -EAGAIN;
		return err;
	}
	if (memchr_inv(words + 1, 0, sizeof(words) - sizeof(*words)))
		return -EINVAL;
	arg = u64_to_user_ptr(words[0]);
	if (cmd->cmd_op == SYSDEMO_IOC_CALL) {
		err = call_of_record(ctx, arg, may_wait, ret);
		*again = err == -EAGAIN;
		return err;
	}
	if (!may_wait && (cmd->cmd_op == SYSDEMO_IOC_BATCH || cmd->cmd_op == SYSDEMO_IOC_ENTER)) {
		*again = true;
		return -EAGAIN;
	}
	*ret = sdc_other_command(ctx, cmd->cmd_op, arg);
	return 0;
}

int sdc_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct sdc_context ctx = {
		.session = cmd->file->private_data,
		.file = cmd->file,
		.compat = issue_flags & IO_URING_F_COMPAT,
	};
	const bool has_room = issue_flags & IO_URING_F_CQE32;
	bool again = false;
	s64 ret = 0;
	int res, err;

	err = run(&ctx, cmd, issue_flags, &ret, &again);
	if (again)
		return -EAGAIN;
	if (err)
		ret = err;
	res = ret == (s32)ret ? ret : -EOVERFLOW;
	/*
	 * Some numbers mean something else to who calls this: to make it once more, or that it goes
	 * on, or that a signal has ended it. From a call they mean what the call says.
	 */
	if (!has_room && res != -EAGAIN && res > -ERESTARTSYS)
		return res;
	if (has_room)
		io_uring_cmd_done32(cmd, res, ret, issue_flags);
	else
		io_uring_cmd_done(cmd, res, issue_flags);
	return -EIOCBQUEUED;
}
