/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls that the device tells of: arguments for them, and what may come of them.
 */
#ifndef CALLS_H
#define CALLS_H

#include "stress/memory.h"
#include "stress/tally.h"
#include "tests/tree.h"

#include <limits.h>

/* More files than a process may have open here. */
#define MOST_FILES 1024

/* What a result is before there is one: no call gives that. */
#define UNTOUCHED (-70000)

/*
 * The errors of each call, as <linux/sysdemo.h> and the calls' own descriptions have them. Any
 * pointer may be EFAULT. A call that is not here is a failure of the test.
 */
static const struct {
	const char *name;
	/* Ends in 0. */
	int errors[20];
} documented[] = {
	{ "null", { 0 } },
	{ "getpid", { 0 } },
	{ "gettid", { 0 } },
	{ "sum6", { 0 } },
	{ "sum3", { 0 } },
	{ "echo", { EINVAL, E2BIG, EFAULT } },
	{ "fill", { EINVAL, E2BIG, EFAULT } },
	{ "identity", { EINVAL, E2BIG, EFAULT } },
	{ "set_label", { EINVAL, ENAMETOOLONG, EFAULT, EPERM } },
	{ "get_label", { EINVAL, ERANGE, EFAULT } },
	{ "clear_label", { EPERM } },
	{ "regs", { EINVAL, E2BIG, EFAULT } },
	{ "entry", { EINVAL, E2BIG, EFAULT, EPERM } },
	{ "sleep", { EINVAL, E2BIG, EFAULT, EINTR } },
	{ "wait", { EINVAL, E2BIG, EFAULT, EINTR, EAGAIN, ETIMEDOUT } },
	{ "wake", { EINVAL, EFAULT } },
	{ "open", { EINVAL, E2BIG, EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR, EXDEV, EAGAIN,
		    EEXIST, EISDIR, EFTYPE, EPERM, EMFILE, EDQUOT, ENOSPC } },
	{ "mkdir", { EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR, EEXIST, EDQUOT, ENOSPC } },
	{ "unlink", { EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR, EISDIR, EPERM } },
	{ "rmdir", { EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR, ENOTEMPTY, EBUSY, EINVAL,
		     EPERM } },
	{ "stat", { EINVAL, E2BIG, EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR } },
	{ "list", { EINVAL, EFAULT, ENAMETOOLONG, ENOENT, EACCES, ENOTDIR } },
	/* EPERM: the file is of a device that was restricted. */
	{ "read", { EBADF, EFAULT, EISDIR, EINVAL, EPERM } },
	{ "write", { EBADF, EFAULT, EINVAL, EPERM, EFBIG, EDQUOT, ENOSPC } },
	{ "facts", { EINVAL, E2BIG, EFAULT } },
};

/* What the device told of each call, at the start. */
static struct call_table {
	__u32 count;
	bool known[SYSDEMO_RESTRICT_CALLS];
	struct sysdemo_table told[SYSDEMO_RESTRICT_CALLS];
	const int *errors[SYSDEMO_RESTRICT_CALLS];
} table;

/* Asks the device for its calls. NULL, or what is wrong. */
static inline const char *learn_calls(int fd)
{
	struct sysdemo_info info;
	static char message[64];

	if (ioctl(fd, SYSDEMO_IOC_INFO, &info) || info.calls > SYSDEMO_RESTRICT_CALLS)
		return "the device does not tell of itself";
	table.count = info.calls;
	for (__u32 nr = 0; nr < info.calls; nr++) {
		struct sysdemo_table *told = &table.told[nr];

		told->nr = nr;
		if (ioctl(fd, SYSDEMO_IOC_TABLE, told)) {
			if (errno != ENOSYS)
				return "the device does not tell of its calls";
			continue;
		}
		table.known[nr] = true;
		for (size_t i = 0; i < ARRAY_SIZE(documented); i++) {
			if (!strcmp(documented[i].name, told->name))
				table.errors[nr] = documented[i].errors;
		}
		if (!table.errors[nr]) {
			snprintf(message, sizeof(message), "no errors known of call %s",
				 told->name);
			return message;
		}
		shared->tallies[nr].name = told->name;
	}
	return NULL;
}

static inline bool is_documented(__u32 nr, int error)
{
	for (const int *known = table.errors[nr]; *known; known++) {
		if (*known == error)
			return true;
	}
	return false;
}

/* A path out of few names, so that they meet. Files and directories have some of them in common. */
static inline void any_path(struct stream *stream, char *path)
{
	static const char * const names[] = { "a", "b", "c", "d", "e", ".", "..", "a/b", "a/c" };
	int count = random_once_in(stream, 4) ? 3 : 1 + random_below(stream, 2);

	*path = '\0';
	for (int i = 0; i < count; i++) {
		strcat(path, names[random_below(stream, ARRAY_SIZE(names))]);
		if (i + 1 < count || random_once_in(stream, 16))
			strcat(path, "/");
	}
	if (random_once_in(stream, 64)) {
		memset(path, 'x', 300);
		path[random_below(stream, 300)] = '\0';
	}
}

/* A value for a register that holds a size. */
static inline __u64 any_size(struct stream *stream)
{
	static const __u64 sizes[] = {
		0, 1, 7, 24, 31, 32, 33, 48, 56, 64, 65, 112, 120, 512, PAGE - 1, PAGE, PAGE + 1,
		SYSDEMO_COPY_MAX, SYSDEMO_COPY_MAX + 1, 0x100000000, 1ULL << 63, -1ULL,
	};

	return sizes[random_below(stream, ARRAY_SIZE(sizes))];
}

static inline __u64 any_flags(struct stream *stream)
{
	return random_once_in(stream, 4) ? 1ULL << random_below(stream, 64) :
					   random_below(stream, 2);
}

/*
 * What a structure holds that a call reads: the fields of all of them are words, and what a word
 * means depends on where it is. Longer than the kernel knows, and mostly with a tail of zeros.
 */
static inline void any_structure(struct stream *stream, const char *type, __u64 *words,
				 unsigned char *own)
{
	memset(words, 0, PAGE);
	if (strstr(type, "sysdemo_fill")) {
		words[0] = any_address(stream, own);
		words[1] = any_size(stream);
		words[2] = any_flags(stream);
		words[3] = random_below(stream, random_once_in(stream, 8) ? -1U : 256);
	}
	if (strstr(type, "sysdemo_open_how")) {
		static const int flags[] = { O_TRUNC, O_APPEND, O_EXCL, O_DIRECTORY, O_NONBLOCK,
					     O_NOATIME };

		words[0] = random_below(stream, 3) | (random_once_in(stream, 3) ? 0 : O_CREAT);
		if (random_once_in(stream, 2))
			words[0] |= flags[random_below(stream, ARRAY_SIZE(flags))];
		if (random_once_in(stream, 32))
			words[0] |= any_flags(stream);
		words[1] = words[0] & O_CREAT ? random_below(stream, 01000) | 0600 : 0;
		if (random_once_in(stream, 8))
			words[2] = 1ULL << random_below(stream, 6);
	}
	if (random_once_in(stream, 8))
		words[random_below(stream, PAGE / sizeof(*words))] = 1;
}

/* A time that is over soon, mostly. A longer one ends by a signal. */
static inline void any_time(struct stream *stream, struct sysdemo_time *time)
{
	memset(time, 0, PAGE);
	time->flags = random_once_in(stream, 16) ? any_flags(stream) : 0;
	time->time = random_once_in(stream, 16) ? random_next(stream) :
		     random_below(stream, 5000000);
}

/* Files of the tree that are open, which all threads use and replace. */
#define FILES 6
static atomic_int files[FILES];

/* The number of a file: mostly one of these. */
static inline __u64 any_file(struct stream *stream)
{
	if (random_once_in(stream, 16))
		return random_below(stream, random_once_in(stream, 2) ? 64 : -1U);
	return atomic_load(&files[random_below(stream, FILES)]);
}

/*
 * Makes arguments for a call. `in` and `out` are the caller's own memory, a whole area each. With
 * `mixed` the arguments may name any memory; otherwise they name only that.
 */
static inline void make_arguments(struct stream *stream, __u32 nr, __u64 *args, unsigned char *in,
				  unsigned char *out, bool mixed)
{
	const struct sysdemo_table *told = &table.told[nr];

	for (int i = 0; i < SYSDEMO_ARGS_MAX; i++)
		args[i] = random_next(stream);
	if (nr >= table.count)
		return;
	for (__u32 i = 0; i < told->count; i++) {
		const char *type = told->parameters[i].type, *name = told->parameters[i].name;
		bool reads = !strncmp(type, "const ", 6);

		if (strchr(type, '*')) {
			/* A path has its own area; other calls with two to read get the same. */
			args[i] = (uintptr_t)(reads ? in : out);
			if (strstr(type, "sysdemo_time")) {
				any_time(stream, (struct sysdemo_time *)out);
			} else if (!strcmp(type, "const __u32 *")) {
				args[i] = (uintptr_t)&words[random_below(stream, WORDS)];
			} else if (!strcmp(name, "path")) {
				args[i] = (uintptr_t)in + PAGE;
				any_path(stream, (char *)in + PAGE);
			} else if (reads && strstr(type, "struct ")) {
				any_structure(stream, type, (__u64 *)in, out);
			} else if (reads) {
				size_t length = random_below(stream, 70);

				memset(in, 'a' + random_below(stream, 26), length);
				in[length] = '\0';
			}
			if (mixed)
				args[i] = any_address(stream, out);
		} else if (!strcmp(name, "count") && !strcmp(type, "__u32")) {
			args[i] = random_below(stream, random_once_in(stream, 8) ? -1U : 4);
		} else if (!strcmp(name, "size") || !strcmp(name, "count")) {
			args[i] = any_size(stream);
			if (i && strstr(told->parameters[i - 1].type, "sysdemo_time") &&
			    !random_once_in(stream, 8))
				args[i] = sizeof(struct sysdemo_time);
		} else if (!strcmp(name, "flags")) {
			args[i] = any_flags(stream);
		} else if (!strcmp(name, "expected")) {
			args[i] = random_below(stream, 2);
		} else if (!strcmp(name, "which")) {
			args[i] = random_below(stream, random_once_in(stream, 8) ? -1U : 3);
		} else if (!strcmp(name, "fd")) {
			args[i] = any_file(stream);
		} else if (!strcmp(name, "mode")) {
			args[i] = random_below(stream, 01000) | 0700;
		} else if (!strcmp(name, "cursor")) {
			args[i] = random_below(stream, random_once_in(stream, 2) ? 100 : 1);
		}
	}
	/* Without a time, until it is woken, or a signal comes. */
	if (nr == SYSDEMO_NR_WAIT && random_once_in(stream, 16)) {
		args[2] = 0;
		args[3] = 0;
	}
	/* Who changes a word tells those who wait. */
	if (nr == SYSDEMO_NR_WAKE && random_once_in(stream, 2))
		atomic_fetch_xor(&words[random_below(stream, WORDS)], 1);
}

static inline __s64 sum(const struct sysdemo_call *call)
{
	const __u64 *args = call->args;

	if (call->nr == SYSDEMO_NR_SUM3)
		return args[0] + args[1] + args[2];
	return (__s64)(__s8)args[0] + (__u8)args[1] + (__s16)args[2] + (__u16)args[3] +
	       (__s32)args[4] + (__u32)args[5];
}

/*
 * Whether a value may be a call's result. With `in` and `out` that is what the call was given, and
 * nobody else had. With `letters` each label was set to one letter many times.
 */
static inline bool is_result(const struct sysdemo_call *call, const unsigned char *in,
			     const unsigned char *out, bool letters)
{
	const char *string = (const char *)out;

	switch (call->nr) {
	case SYSDEMO_NR_GETPID:
		return call->ret == getpid();
	case SYSDEMO_NR_GETTID:
		return call->ret == gettid();
	case SYSDEMO_NR_SUM6:
	case SYSDEMO_NR_SUM3:
		return call->ret == sum(call);
	case SYSDEMO_NR_ECHO:
		if (call->ret != (__s64)call->args[2] || call->ret > SYSDEMO_COPY_MAX)
			return false;
		return !out || call->args[3] & SYSDEMO_ECHO_REVERSE ||
		       !memcmp(in, out, call->ret);
	case SYSDEMO_NR_FILL:
		return call->ret >= 0 && call->ret <= SYSDEMO_COPY_MAX;
	case SYSDEMO_NR_GET_LABEL:
		if (call->ret < 1 || call->ret > SYSDEMO_LABEL_MAX + 1)
			return false;
		if (!out)
			return true;
		for (__s64 i = 0; i < call->ret - 1; i++) {
			if (!string[i] || (letters && string[i] != string[0]))
				return false;
		}
		return !string[call->ret - 1];
	case SYSDEMO_NR_WAKE:
		return call->ret >= 0 && call->ret <= (__u32)call->args[1] &&
		       call->ret <= SYSDEMO_WAITERS_MAX;
	case SYSDEMO_NR_IDENTITY:
	case SYSDEMO_NR_STAT:
		return call->ret == 0 || call->ret == 1;
	case SYSDEMO_NR_OPEN:
		return call->ret > 2 && call->ret < MOST_FILES;
	case SYSDEMO_NR_LIST:
		return call->ret >= 0 && call->ret <= SYSDEMO_COPY_MAX &&
		       (__u64)call->ret <= call->args[2];
	case SYSDEMO_NR_READ:
	case SYSDEMO_NR_WRITE:
		return call->ret >= 0 && (__u64)call->ret <= call->args[2];
	default:
		/* All others say 0. */
		return !call->ret;
	}
}

#endif /* CALLS_H */
