/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls that the device tells of, with arguments made from what it tells of their parameters:
 * a new call is measured without a change here, or this says that it knows no arguments for it.
 *
 * Each turn of a sample has a record of its own, as some calls can be made only once with the same
 * arguments.
 */
#ifndef CALLS_H
#define CALLS_H

#include "bench/sample.h"
#include "libsysdemo.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* The most records of a turn; and no sample has more turns with one each. */
#define RECORDS 256

/* What a buffer is said to be, small and large. */
#define SMALL 64
#define LARGE 4096

/* What a result is before there is one. */
#define UNTOUCHED 7777

#define FOLDER "bench"

/* The open device and its name, and the records of a sample. */
static int fd;
static const char *device_name;
static struct sysdemo_call records[RECORDS];

/* What the records point to. */
static unsigned char input[LARGE], output[LARGE];
static char paths[TURNS][32];
static __u32 word;
static struct sysdemo_time no_time;
static struct sysdemo_fill filling;
static struct sysdemo_open_how opening;
static int file;

/* What there is under those paths. */
enum names { ANYTHING, NOTHING, FILES, DIRECTORIES };
static enum names names;

/**
 * struct change - what a call needs of the names, and what it makes of them
 * @name: Name of the call.
 * @before: What has to be there.
 * @after: What is there then.
 */
static const struct change {
	const char *name;
	enum names before, after;
} changes[] = {
	{ "open", FILES, FILES },
	{ "mkdir", NOTHING, DIRECTORIES },
	{ "unlink", FILES, NOTHING },
	{ "rmdir", DIRECTORIES, NOTHING },
	{ "stat", FILES, FILES },
	{ "list", FILES, FILES },
};

/**
 * struct measured - the call that is measured just now
 * @table: What the device tells of it.
 * @change: What it needs of the names, and makes of them.
 * @size: Size of its buffers.
 * @error: The error that it gives, 0 if none.
 * @expected: What it gives.
 */
static struct measured {
	struct sysdemo_table table;
	struct change change;
	__u64 size;
	int error;
	__s64 expected;
} measured;

static char message[128];

/* Says that something failed. */
static inline const char *failed(const char *what, long error)
{
	snprintf(message, sizeof(message), "%s: %s", what, strerror(error));
	return message;
}

/* Makes it so that there are these names. NULL, or what is wrong. */
static inline const char *become(enum names wanted)
{
	const enum names found = names;

	if (found == wanted || wanted == ANYTHING)
		return NULL;
	names = wanted;
	for (int i = 0; i < TURNS; i++) {
		const struct sysdemo_open_how how = { .flags = O_CREAT | O_RDWR, .mode = 0600 };
		int made;

		if (found == FILES && sysdemo_unlink(fd, paths[i]))
			return failed("unlink", errno);
		if (found == DIRECTORIES && sysdemo_rmdir(fd, paths[i]))
			return failed("rmdir", errno);
		if (wanted == DIRECTORIES && sysdemo_mkdir(fd, paths[i], 0700))
			return failed("mkdir", errno);
		if (wanted != FILES)
			continue;
		made = sysdemo_open_file(fd, paths[i], &how, sizeof(how));
		if (made < 0)
			return failed("open", errno);
		close(made);
	}
	return NULL;
}

/* Makes what calls work with, and takes it away again. NULL, or what is wrong. */
static inline const char *set_up_calls(void)
{
	const struct sysdemo_open_how how = { .flags = O_CREAT | O_RDWR, .mode = 0600 };
	static const char some[LARGE];

	filling.dst = (uintptr_t)output;
	if (sysdemo_mkdir(fd, FOLDER, 0700))
		return failed("mkdir of \"" FOLDER "\"", errno);
	for (int i = 0; i < TURNS; i++)
		snprintf(paths[i], sizeof(paths[i]), FOLDER "/file-%02d", i);
	names = NOTHING;
	file = sysdemo_open_file(fd, FOLDER "-file", &how, sizeof(how));
	if (file < 0)
		return failed("open of \"" FOLDER "-file\"", errno);
	/* As much as the reads of a sample get. */
	for (int i = 0; i < TURNS; i++) {
		if (write(file, some, sizeof(some)) != sizeof(some))
			return failed("write", errno);
	}
	return NULL;
}

static inline void take_down_calls(void)
{
	become(NOTHING);
	sysdemo_rmdir(fd, FOLDER);
	if (file >= 0) {
		close(file);
		sysdemo_unlink(fd, FOLDER "-file");
	}
}

/*
 * The structures that calls know, and their sizes. One that is not here is taken to be as large as
 * a buffer, and full of zeros: in a structure that grows they ask for nothing.
 */
static const struct {
	const char *name;
	void *place;
	size_t size;
} structures[] = {
	{ "sysdemo_entry ", output, sizeof(struct sysdemo_entry) },
	{ "sysdemo_fill ", &filling, sizeof(filling) },
	{ "sysdemo_identity ", output, sizeof(struct sysdemo_identity) },
	{ "sysdemo_open_how ", &opening, sizeof(opening) },
	{ "sysdemo_regs ", output, sizeof(struct sysdemo_regs) },
	{ "sysdemo_stat ", output, sizeof(struct sysdemo_stat) },
	{ "sysdemo_time ", &no_time, sizeof(no_time) },
};

/* Makes the arguments of a call, for a turn, from the types and names of its parameters. */
static inline void make_arguments(struct sysdemo_call *call, unsigned int turn)
{
	const struct sysdemo_table *table = &measured.table;
	/* What a parameter called `size` or `count` is to be: that of the last pointer's area. */
	__u64 size = measured.size;

	*call = (struct sysdemo_call) { .nr = table->nr, .ret = UNTOUCHED };
	for (__u32 i = 0; i < table->count; i++) {
		const char *type = table->parameters[i].type, *name = table->parameters[i].name;
		__u64 *arg = &call->args[i];

		*arg = i + 1;
		if (strchr(type, '*')) {
			size = measured.size;
			if (!strcmp(type, "const __u32 *"))
				*arg = (uintptr_t)&word;
			else if (!strcmp(type, "const char *"))
				*arg = (uintptr_t)(strcmp(table->name, "list") ? paths[turn] :
										 FOLDER);
			else
				*arg = (uintptr_t)(strncmp(type, "const ", 6) ? output : input);
			for (size_t j = 0; j < ARRAY_SIZE(structures); j++) {
				if (strstr(type, structures[j].name)) {
					*arg = (uintptr_t)structures[j].place;
					size = structures[j].size;
				}
			}
		} else if (!strcmp(name, "size") || !strcmp(name, "count")) {
			*arg = size;
		} else if (!strcmp(name, "fd")) {
			*arg = file;
		} else if (!strcmp(name, "mode")) {
			*arg = 0700;
		} else if (!strcmp(name, "flags") || !strcmp(name, "cursor") ||
			   !strcmp(name, "expected") || !strcmp(name, "which")) {
			*arg = 0;
		}
	}
}

static inline const char *before_calls(void)
{
	const char *wrong = become(measured.change.before);

	if (!wrong && lseek(file, 0, SEEK_SET))
		wrong = failed("lseek", errno);
	for (unsigned int i = 0; i < TURNS; i++)
		records[i].ret = UNTOUCHED;
	return wrong;
}

static inline void turn_call(unsigned int i)
{
	ioctl(fd, SYSDEMO_IOC_CALL, &records[i]);
}

/* Each call has to have given the same, be it an error that is expected. */
static inline const char *after_calls(void)
{
	const char *wrong = NULL;

	names = measured.change.after != ANYTHING ? measured.change.after : names;
	for (unsigned int i = 0; i < TURNS; i++) {
		const __s64 ret = records[i].ret;

		if (records[i].nr == SYSDEMO_NR_OPEN) {
			if (ret > 2)
				close(ret);
			else
				wrong = failed("open", -ret);
		} else if (ret != measured.expected) {
			snprintf(message, sizeof(message), "the result is %lld instead of %lld",
				 (long long)ret, (long long)measured.expected);
			wrong = message;
		}
	}
	return wrong;
}

/* What a call gives with its arguments: that is what it has to give each time. */
static inline const char *learn_expected(void)
{
	const char *wrong = before_calls();

	for (unsigned int i = 0; i < TURNS; i++)
		make_arguments(&records[i], i);
	if (wrong)
		return wrong;
	for (unsigned int i = 0; i < TURNS; i++)
		turn_call(i);
	measured.expected = records[TURNS - 1].ret;
	wrong = after_calls();
	if (!wrong && measured.expected < 0 && measured.expected != -measured.error)
		return failed("no arguments are known for it", -measured.expected);
	return wrong;
}

/* Measures a call by plain ioctls. NULL, or what is wrong. */
static inline const char *measure_call(const char *name)
{
	const struct subject subject = {
		.device = device_name, .name = name, .door = "call", .depth = 1, .turns = TURNS,
		.before = before_calls, .turn = turn_call, .after = after_calls,
	};
	const char *wrong = learn_expected();

	return wrong ? wrong : measure(&subject);
}

static inline void set_size(__u64 size)
{
	measured.size = size;
	filling.len = size;
}

/* Measures a call with small buffers, and with large ones if that makes a difference. */
static inline const char *measure_sizes(void)
{
	const __u64 sizes[] = { SMALL, LARGE };
	__s64 results[ARRAY_SIZE(sizes)];
	const char *wrong = NULL;
	char label[64];

	for (size_t i = 0; i < ARRAY_SIZE(sizes) && !wrong; i++) {
		set_size(sizes[i]);
		wrong = learn_expected();
		results[i] = measured.expected;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && !wrong; i++) {
		const bool one = results[0] == results[1] || measured.table.nr == SYSDEMO_NR_OPEN;

		snprintf(label, sizeof(label), "%s", measured.table.name);
		if (!one)
			snprintf(label, sizeof(label), "%s, %lld bytes", measured.table.name,
				 (long long)results[i]);
		set_size(sizes[i]);
		wrong = measure_call(label);
		if (one)
			break;
	}
	return wrong;
}

/* The other faces of some calls. */
static inline const char *measure_variants(void)
{
	const char *wrong = NULL;

	switch (measured.table.nr) {
	case SYSDEMO_NR_OPEN:
		opening.flags = O_RDWR | O_CREAT | O_EXCL;
		opening.mode = 0600;
		measured.change.before = NOTHING;
		wrong = measure_call("open, made");
		break;
	case SYSDEMO_NR_WAIT:
		word = 1;
		measured.error = EAGAIN;
		wrong = measure_call("wait, another value");
		word = 0;
		break;
	}
	return wrong;
}

/* Measures a call in all ways. NULL, or what is wrong. */
static inline const char *measure_all_of(const struct sysdemo_table *table)
{
	const char *wrong;

	measured = (struct measured) {
		/* Nobody wakes who waits here: that the time is up is all that can come of it. */
		.table = *table, .error = table->nr == SYSDEMO_NR_WAIT ? ETIMEDOUT : 0,
	};
	opening = (struct sysdemo_open_how) { .flags = O_RDWR };
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (!strcmp(changes[i].name, table->name))
			measured.change = changes[i];
	}
	wrong = measure_sizes();
	return wrong ? wrong : measure_variants();
}

#endif /* CALLS_H */
