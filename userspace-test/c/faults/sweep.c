// SPDX-License-Identifier: GPL-2.0
/*
 * A sweep of faults over the ABI: every allocation and every copy of user memory of every operation
 * fails once, and then all allocations do, in a kernel that can make them.
 *
 * Whatever fails, the operation gives its result or an error that says so, touches nothing that it
 * does not own, and can be done again. It leaves no open files and no users of the module; where
 * nothing fails, also no memory, whether there is a pointer to it or not. What memory a failure
 * leaves behind is for kmemleak to find: each fault happens too rarely to be told from what the
 * kernel does meanwhile. The calls are those that the device tells of, with arguments made from
 * what it tells of their parameters: a new call is tried without a change here, or the sweep fails
 * because it knows no arguments for it.
 *
 * Run as `sweep DEVICE [TEST]`, or as `sweep --load`, which tries how the module is loaded and
 * unloaded: that is for when nobody uses it.
 */
#include "faults/faults.h"
#include "tests/uring.h"
#include "faults/memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>

/* What a result is before there is one. */
#define UNTOUCHED 7777

/* Each byte of a word that is waited for. */
#define EXPECTED 0x17

#define GUARD 64
#define PAGE 4096

/* An area of memory that a call is given: what is around it is not its business. */
struct area {
	unsigned char before[GUARD];
	unsigned char bytes[SYSDEMO_COPY_MAX];
	unsigned char after[GUARD];
};

/* One for each register, and one for what a structure in another points to. */
#define POINTED SYSDEMO_ARGS_MAX
#define AREAS (SYSDEMO_ARGS_MAX + 1)

static struct area areas[AREAS], prepared[AREAS], wanted[AREAS], again[AREAS];

/* How many bytes of an area are to be written by the call; the others must stay. */
static size_t written[AREAS];

static const char before[] = "before";

/*
 * What calls with a path are given, and what two of them make or need in it: the name is so long
 * that to keep it takes memory.
 */
#define LONG_NAME "after_that_comes_more_of_a_name_that_is_long"
static const char path[] = LONG_NAME;

/* So often a path that is large goes to where it is: it takes memory then, as it is long. */
#define DETOURS 64
static const char *const inside[] = { LONG_NAME "/one", LONG_NAME "/two" };

/* How much is in a file that is read. */
#define CONTENT 300

/**
 * struct operation - something to be done with faults in it
 * @name: What the results call it.
 * @fd: The open device.
 * @prepare: Makes all as it was before. 0 on success.
 * @attempt: The system call. Its result, or the error as a negative number.
 * @learn: Notes what comes of it without a fault, in two lessons, for @check. 0 on success. NULL if
 *	there is nothing to learn.
 * @check: Looks at what came of it, if there was a fault and if there was none, and counts the
 *	errors. NULL, or what is wrong.
 * @sent: The record of a call as it was sent.
 * @call: That record, as it is now.
 * @made: How many calls the device has made before.
 * @value: What the call gives, if all is well.
 * @cmd: The ioctl command.
 * @size: Size of its structure.
 * @round: Which of the two rounds of arguments it is.
 * @tally: What came of it.
 */
struct operation {
	const char *name;
	int fd;
	int (*prepare)(struct operation *op);
	long (*attempt)(struct operation *op);
	int (*learn)(struct operation *op, long result, int lesson);
	const char *(*check)(struct operation *op, long result, bool injected);
	struct sysdemo_call sent, call;
	__u64 made;
	__s64 value;
	unsigned int cmd;
	size_t size;
	int round;
	struct tally tally;
};

/* All six arguments of ioctl(2) are said, as `regs` tells them. */
static __attribute__((noipa)) long do_ioctl(int fd, unsigned int cmd, void *arg)
{
	return syscall(SYS_ioctl, fd, cmd, arg, 0, 0, 0) < 0 ? -errno : 0;
}

/* More attempts than that are no sweep any more. */
#define MOST_ATTEMPTS 2000

/*
 * How often all of it is done. Now and then the allocator needs one page more than the time before,
 * a chance that moves the others on by one, so that one of them is passed over.
 */
#define PASSES 3

/* So many failures there are only if each of some places in the code has failed in some pass. */
#define EACH_OF(places) (PASSES * ((places) - 1) + 1)

/* How often it is done without a fault, to see whether it keeps memory each time. */
#define REPEATS 16

/* Instead of which chance it is that fails. */
#define NO_FAULT 0
#define NO_MEMORY UINT_MAX

/*
 * Prepares and attempts an operation. 1 if there was a fault, 0 if not, -1 if it could not be
 * prepared. A function of its own, called from one other only, so that the stack is the same each
 * time: `regs` tells where it is.
 */
static __attribute__((noipa)) int attempt(const struct faults *faults, struct operation *op,
					  unsigned int n, long *result)
{
	if (op->prepare(op))
		return -1;
	if (n == NO_MEMORY)
		faults_starve(faults, true);
	else if (n != NO_FAULT && faults_arm(faults, n))
		return -1;
	*result = op->attempt(op);
	if (n == NO_MEMORY)
		faults_starve(faults, false);
	else if (n != NO_FAULT)
		return !faults_disarm(faults);
	return n == NO_MEMORY;
}

/*
 * Attempts an operation with a fault, and once more without: it is as if nothing had been. Gives
 * NULL, or what is wrong, and whether there was a fault at all. Inline: see attempt().
 */
static __always_inline const char *
try_fault(const struct faults *faults, struct operation *op, unsigned int n, bool *injected)
{
	struct tally *tally = &op->tally, old = *tally;
	static char message[256];
	const char *wrong;
	long result = 0;
	int made;

	made = attempt(faults, op, n, &result);
	wrong = made < 0 ? "it cannot be prepared" : op->check(op, result, made);
	*injected = made > 0;
	if (!wrong && *injected) {
		long error = 0;

		if (tally->enomem != old.enomem)
			error = -ENOMEM;
		else if (tally->efault != old.efault)
			error = -EFAULT;
		if (n == NO_MEMORY) {
			*tally = old;
			tally->starved = error;
		} else {
			tally->injected++;
			tally->survived += !error;
		}
		if (attempt(faults, op, NO_FAULT, &result))
			wrong = "it cannot be prepared afterwards";
		else
			wrong = op->check(op, result, false);
	}
	if (!wrong)
		return NULL;
	snprintf(message, sizeof(message), "fault %d (-1: no memory): %s (result %ld, ret %lld)",
		 (int)n, wrong, result, (long long)op->call.ret);
	return message;
}

static struct memory memory;

/*
 * Repeats an operation. NULL, or who allocates memory each time that is not freed. The kernel keeps
 * some now and then for its own purposes: that is rarer.
 */
static __always_inline const char *repeat(const struct faults *faults, struct operation *op)
{
	const char *site;
	long result;

	memory.count = 0;
	if (memory_read(&memory) || memory_watch(true))
		return "what cannot be traced";
	memory.count = 0;
	for (int i = 0; i < REPEATS; i++) {
		if (attempt(faults, op, NO_FAULT, &result) || op->check(op, result, false))
			return "what cannot be done again";
	}
	if (memory_watch(false))
		return "what cannot be traced";
	/* What the last of them has made, where that is its work, goes when all is as before. */
	if (op->prepare(op))
		return "what cannot be prepared";
	for (int i = 0; i < PATIENCE; i++) {
		if (memory_read(&memory))
			return "what cannot be traced";
		site = memory_kept(&memory, REPEATS - 2);
		if (!site)
			return NULL;
		usleep(100000);
	}
	return site;
}

static int prepare_call(struct operation *op);
static void close_opened(const struct operation *op);

/* Does an operation with every fault that there can be in it. NULL, or what is wrong. */
static const char *sweep(const struct faults *faults, struct operation *op)
{
	int fds = count_fds(), users = count_module_users();
	struct tally *tally = &op->tally;
	const char *wrong = NULL, *site;
	static char message[256];
	bool injected;
	unsigned int n, pass = 0;
	long result;

	memset(tally, 0, sizeof(*tally));
	/* Without a fault at first: its code and data are in memory then. */
	for (int lesson = 0; lesson < 2; lesson++) {
		if (attempt(faults, op, NO_FAULT, &result))
			return "it cannot be prepared";
		if (!op->learn)
			wrong = op->check(op, result, false);
		else if (op->learn(op, result, lesson))
			wrong = "it is not twice the same";
		if (wrong)
			return wrong;
	}
	/* A pass ends with an attempt that is over before its fault. */
	for (n = 1; !wrong && pass < PASSES; n = injected ? n + 1 : 1) {
		if (n > MOST_ATTEMPTS)
			return "there is no end of faults";
		wrong = try_fault(faults, op, n, &injected);
		pass += !injected;
	}
	wrong = wrong ?: try_fault(faults, op, NO_MEMORY, &injected);
	if (wrong)
		return wrong;
	ksft_print_msg("%s: %u faults: %u ENOMEM, %u EFAULT, %u without effect; no memory: %s\n",
		       op->name, tally->injected, tally->enomem, tally->efault, tally->survived,
		       tally->starved ? strerror(-tally->starved) : "not needed");
	if (op->prepare == prepare_call)
		close_opened(op);
	if (count_fds() != fds)
		return "file descriptors are left over, or gone";
	if (count_module_users() != users)
		return "the module has more or fewer users than before";
	site = repeat(faults, op);
	if (!site)
		return NULL;
	snprintf(message, sizeof(message), "it keeps memory each time: %s", site);
	return message;
}

/* The error of an operation that has no other than that of a fault. */
static const char *check_error(struct operation *op, long error, bool injected)
{
	if (!injected)
		return "an error without a fault";
	return count_error(&op->tally, error) ? NULL : "an error that no fault makes";
}

static int set_labels(int fd)
{
	return sysdemo_set_label(fd, SYSDEMO_LABEL_MODULE, before) ||
	       sysdemo_set_label(fd, SYSDEMO_LABEL_SESSION, before);
}

static bool labels_are_set(int fd)
{
	char label[SYSDEMO_LABEL_MAX + 1];

	for (unsigned int which = SYSDEMO_LABEL_MODULE; which <= SYSDEMO_LABEL_SESSION; which++) {
		if (sysdemo_get_label(fd, which, label, sizeof(label)) != sizeof(before) ||
		    strcmp(label, before))
			return false;
	}
	return true;
}

/* Whether what is not the call's to write is as it was. */
static bool bounds_are_kept(void)
{
	for (int i = 0; i < AREAS; i++) {
		if (memcmp(areas[i].before, prepared[i].before, GUARD) ||
		    memcmp(areas[i].bytes + written[i], prepared[i].bytes + written[i],
			   sizeof(areas[i].bytes) + GUARD - written[i]))
			return false;
	}
	return true;
}

/* What a call has written when all is well, apart from what is never the same twice. */
static bool output_is_wanted(const struct operation *op)
{
	/* Time goes on, slowly in its upper bytes. */
	if (op->sent.nr == SYSDEMO_NR_FACTS)
		return true;
	for (int i = 0; i < AREAS; i++) {
		for (size_t j = 0; j < written[i]; j++) {
			if (areas[i].bytes[j] != wanted[i].bytes[j] &&
			    wanted[i].bytes[j] == again[i].bytes[j])
				return false;
		}
	}
	return true;
}

/* A call with a path, as it was before there were names for such calls. */
static __s64 path_call(int fd, __u32 nr, const char *name, __u64 a1, __u64 a2)
{
	return sysdemo_syscall(fd, nr, (uintptr_t)name, a1, a2, 0, 0, 0);
}

static int open_path(int fd, const char *name, __u64 flags)
{
	struct sysdemo_open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0600 : 0 };

	return path_call(fd, SYSDEMO_NR_OPEN, name, (uintptr_t)&how, sizeof(how));
}

/* S_IFREG or S_IFDIR, or 0 if nothing is there. */
static mode_t kind_of(int fd, const char *name)
{
	struct sysdemo_stat stat;

	if (path_call(fd, SYSDEMO_NR_STAT, name, (uintptr_t)&stat, sizeof(stat)))
		return 0;
	return stat.mode & S_IFMT;
}

/* What has to be at the path before a call is made, as kind_of() tells. */
static mode_t kind_before(const struct operation *op)
{
	switch (op->sent.nr) {
	case SYSDEMO_NR_OPEN:
		/* In the first round it is made, in the second it is cut. */
		return op->round ? S_IFREG : 0;
	case SYSDEMO_NR_RMDIR:
	case SYSDEMO_NR_LIST:
		return S_IFDIR;
	case SYSDEMO_NR_UNLINK:
	case SYSDEMO_NR_STAT:
	case SYSDEMO_NR_READ:
	case SYSDEMO_NR_WRITE:
		return S_IFREG;
	default:
		return 0;
	}
}

/* The descriptor that `open` gives: each time the same, for it is closed in between. */
static void close_opened(const struct operation *op)
{
	if (op->sent.nr == SYSDEMO_NR_OPEN && op->value > 0)
		close(op->value);
}

/* Makes what is at the path what it has to be. What is right is left as it is. 0 on success. */
static int prepare_path(const struct operation *op)
{
	const mode_t kind = kind_before(op), found = kind_of(op->fd, path);

	if (kind != found) {
		for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
			path_call(op->fd, SYSDEMO_NR_UNLINK, inside[i], 0, 0);
		if (found && path_call(op->fd, found == S_IFDIR ? SYSDEMO_NR_RMDIR :
						       SYSDEMO_NR_UNLINK, path, 0, 0))
			return -1;
		if (kind == S_IFREG && close(open_path(op->fd, path, O_CREAT | O_WRONLY)))
			return -1;
		if (kind == S_IFDIR && path_call(op->fd, SYSDEMO_NR_MKDIR, path, 0700, 0))
			return -1;
	}
	for (size_t i = 0; op->sent.nr == SYSDEMO_NR_LIST && i < ARRAY_SIZE(inside); i++) {
		if (!kind_of(op->fd, inside[i]) &&
		    close(open_path(op->fd, inside[i], O_CREAT | O_WRONLY)))
			return -1;
	}
	return 0;
}

/* The same for a file that is read or written. Its descriptor is the first argument. */
static int prepare_file(const struct operation *op)
{
	static const char content[CONTENT] = "content";
	const int file = op->sent.args[0];

	if (op->sent.nr == SYSDEMO_NR_READ) {
		if (pwrite(file, content, CONTENT, 0) != CONTENT)
			return -1;
	} else if (op->sent.nr == SYSDEMO_NR_WRITE) {
		if (ftruncate(file, 0))
			return -1;
	} else {
		return 0;
	}
	return lseek(file, 0, SEEK_SET);
}

/* Whether a call that has failed has left the tree as it was. */
static bool tree_is_kept(const struct operation *op)
{
	struct stat stat;

	if (kind_of(op->fd, path) != kind_before(op))
		return false;
	if (op->sent.nr != SYSDEMO_NR_READ && op->sent.nr != SYSDEMO_NR_WRITE)
		return true;
	return !lseek(op->sent.args[0], 0, SEEK_CUR) && !fstat(op->sent.args[0], &stat) &&
	       stat.st_size == (op->sent.nr == SYSDEMO_NR_READ ? CONTENT : 0);
}

static int prepare_call(struct operation *op)
{
	struct sysdemo_info info;

	close_opened(op);
	if (prepare_path(op) || prepare_file(op))
		return -1;
	memcpy(areas, prepared, sizeof(areas));
	op->call = op->sent;
	if (set_labels(op->fd) || ioctl(op->fd, SYSDEMO_IOC_INFO, &info))
		return -1;
	op->made = info.calls_made;
	return 0;
}

static long attempt_call(struct operation *op)
{
	return do_ioctl(op->fd, SYSDEMO_IOC_CALL, &op->call);
}

/* 0 and the result in `ret`, be it an error, or EFAULT, and no result. */
static const char *check_call(struct operation *op, long result, bool injected)
{
	const __s64 ret = op->call.ret;
	struct sysdemo_info info;

	if (ioctl(op->fd, SYSDEMO_IOC_INFO, &info))
		return "the device does not tell of itself";
	if (memcmp(&op->call, &op->sent, offsetof(struct sysdemo_call, ret)))
		return "more of the record is written than its result";
	if (!bounds_are_kept())
		return "memory is written that is not the call's";
	if (result) {
		if (result != -EFAULT)
			return "the ioctl gives another error than EFAULT";
		if (ret != UNTOUCHED)
			return "the ioctl fails, but there is a result";
		if (info.calls_made == op->made &&
		    (memcmp(areas, prepared, sizeof(areas)) || !labels_are_set(op->fd) ||
		     !tree_is_kept(op)))
			return "no call has been made, but it has an effect";
		if (info.calls_made - op->made > 1)
			return "it is counted as several calls";
		return check_error(op, result, injected);
	}
	if (info.calls_made - op->made != 1)
		return "it is not counted as one call";
	if (ret == op->value)
		return output_is_wanted(op) ? NULL : "it succeeds, but gives something else";
	if (!labels_are_set(op->fd))
		return "the call fails, but a label has changed";
	if (!tree_is_kept(op))
		return "the call fails, but the tree has changed";
	return check_error(op, ret, injected);
}

/* Nobody wakes who waits here: that the time is up is all that can come of it. */
static bool is_success(const struct sysdemo_call *call)
{
	return call->ret >= 0 || (call->nr == SYSDEMO_NR_WAIT && call->ret == -ETIMEDOUT);
}

/* Whether a call can be made with its arguments. */
static bool works(struct operation *op)
{
	op->value = 0;
	if (prepare_call(op) || attempt_call(op) || !is_success(&op->call))
		return false;
	op->value = op->call.ret;
	close_opened(op);
	return true;
}

/*
 * Makes arguments for a call from the types and names of its parameters, in one of two rounds:
 * small and large, the first and the second of what a number may mean. The file is one of the
 * tree's.
 */
static bool make_arguments(struct operation *op, const struct sysdemo_table *table, int round,
			   int file)
{
	struct sysdemo_call *call = &op->sent;
	/* What a parameter called `size` is the size of. */
	bool structure = false;
	int sized[SYSDEMO_ARGS_MAX], count = 0;

	*call = (struct sysdemo_call) { .nr = table->nr, .ret = UNTOUCHED };
	op->round = round;
	op->value = 0;
	memset(prepared, 0x5a, sizeof(prepared));
	memset(written, 0, sizeof(written));
	for (__u32 i = 0; i < table->count; i++) {
		const char *type = table->parameters[i].type, *name = table->parameters[i].name;
		unsigned char *bytes = prepared[i].bytes;
		bool in = !strncmp(type, "const ", 6);

		call->args[i] = round + i;
		if (strchr(type, '*')) {
			call->args[i] = (uintptr_t)areas[i].bytes;
			structure = strstr(type, "struct ");
			if (!strcmp(type, "struct sysdemo_time *")) {
				/* It is read at first: no time at all. It is not written. */
				memset(bytes, 0, PAGE);
			} else if (!in) {
				written[i] = PAGE;
				sized[count++] = i;
			} else if (!strcmp(type, "const __u32 *")) {
				memset(bytes, EXPECTED, sizeof(__u32));
			} else if (!strcmp(type, "const struct sysdemo_fill *")) {
				struct sysdemo_fill how = {
					.dst = (uintptr_t)areas[POINTED].bytes,
					.len = round ? 1024 : 300,
					.flags = SYSDEMO_FILL_COUNT,
				};

				memset(bytes, 0, PAGE);
				memcpy(bytes, &how, sizeof(how));
				written[POINTED] = how.len;
			} else if (!strcmp(type, "const struct sysdemo_open_how *")) {
				struct sysdemo_open_how how = {
					.flags = O_RDWR | (round ? O_TRUNC : O_CREAT),
					.mode = round ? 0 : 0600,
				};

				memset(bytes, 0, PAGE);
				memcpy(bytes, &how, sizeof(how));
			} else if (structure) {
				/* In a structure that grows, zeros ask for nothing. */
				memset(bytes, 0, PAGE);
			} else if (!strcmp(type, "const char *")) {
				int detours = round && !strcmp(name, "path") ? DETOURS : 0;

				/* It leads to the same. */
				for (; detours; detours--, bytes += 2)
					memcpy(bytes, "./", 2);
				memcpy(bytes, path, sizeof(path));
			} else {
				for (size_t j = 0; j < sizeof(areas[i].bytes); j++)
					bytes[j] = j;
			}
		} else if (!strcmp(name, "flags") || !strcmp(name, "cursor")) {
			call->args[i] = 0;
		} else if (!strcmp(name, "expected")) {
			memset(&call->args[i], EXPECTED, sizeof(__u32));
		} else if (!strcmp(name, "fd")) {
			call->args[i] = file;
		} else if (!strcmp(name, "size") || !strcmp(name, "count")) {
			/* A structure that grows may have a page, and a shortest size. */
			if (structure)
				call->args[i] = round ? PAGE : 1;
			else
				call->args[i] = round ? SYSDEMO_COPY_MAX : GUARD;
			while (structure && call->args[i] < PAGE && !works(op))
				call->args[i]++;
			while (count)
				written[sized[--count]] = call->args[i];
		}
	}
	return works(op);
}

/* What a call gives and writes: what differs between two lessons is not compared. */
static int learn_call(struct operation *op, long result, int lesson)
{
	memcpy(lesson ? again : wanted, areas, sizeof(areas));
	if (result || (lesson && op->call.ret != op->value))
		return -1;
	op->value = op->call.ret;
	return 0;
}

FIXTURE(abi) {
	int fd;
	struct faults faults;
};

FIXTURE_SETUP(abi)
{
	if (!faults_are_possible())
		SKIP(return, "a kernel without fault injection");
	ASSERT_EQ(0, faults_configure())
		TH_LOG("%s", strerror(errno));
	ASSERT_EQ(0, memory_open(&memory))
		TH_LOG("%s: %s", TRACE, strerror(errno));
	if (!*freed_in_bulk)
		ASSERT_EQ(0, memory_learn(&memory, device))
			TH_LOG("it keeps memory each time: %s", freed_in_bulk);
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, faults_open(&self->faults));
}

FIXTURE_TEARDOWN(abi)
{
	EXPECT_EQ(0, memory_close(&memory));
	faults_close(&self->faults);
	close(self->fd);
}

/*
 * Calls that take memory, as far as we know: that a lack of it is seen there shows that it can be.
 * (One fault is not enough for that: what cannot be had in one piece is had in pages.) Some take it
 * for a long path only.
 */
static bool takes_memory(const char *name, bool large)
{
	static const char *const names[] = {
		"echo", "open", "mkdir", "list", "read", "write",
	};
	static const char *const with_long_path[] = { "unlink", "rmdir", "stat" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	for (size_t i = 0; large && i < ARRAY_SIZE(with_long_path); i++) {
		if (!strcmp(name, with_long_path[i]))
			return true;
	}
	return false;
}

TEST_F_TIMEOUT(abi, every_call, 300)
{
	struct operation op = {
		.fd = self->fd, .prepare = prepare_call, .attempt = attempt_call,
		.learn = learn_call, .check = check_call,
	};
	const int file = open_path(self->fd, "file", O_CREAT | O_RDWR);
	unsigned int record = 0, calls = 0;
	struct sysdemo_info info;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	for (__u32 i = 0; i < 2 * info.calls; i++) {
		struct sysdemo_table table = { .nr = i / 2 };
		bool pointers = false;
		const char *wrong = NULL;
		char name[64];

		if (ioctl(self->fd, SYSDEMO_IOC_TABLE, &table)) {
			ASSERT_EQ(ENOSYS, errno);
			continue;
		}
		snprintf(name, sizeof(name), "%s, %s", table.name, i % 2 ? "large" : "small");
		op.name = name;
		ASSERT_EQ(0, set_labels(self->fd));
		ASSERT_TRUE(make_arguments(&op, &table, i % 2, file))
			TH_LOG("no valid arguments known for call %s", name);
		/* A word is read in one piece, which is no copy, or is not read at all. */
		for (__u32 j = 0; j < table.count; j++) {
			const char *type = table.parameters[j].type;

			pointers |= strchr(type, '*') && strcmp(type, "const __u32 *");
		}
		/* What the kernel does by itself now and then takes a fault that was for a copy. */
		for (int tries = 0; tries < 5 && !wrong; tries++) {
			wrong = sweep(&self->faults, &op);
			if (!pointers || op.tally.efault > record)
				break;
		}
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s: %s", name, wrong);
		close_opened(&op);
		calls++;

		/* The first call is that which does nothing: what fails there is the record. */
		if (!table.nr)
			record = op.tally.efault;
		EXPECT_LE(EACH_OF(2), record);
		if (pointers) {
			EXPECT_LT(record, op.tally.efault)
				TH_LOG("%s: none of its own copies has failed", name);
		}
		if (takes_memory(table.name, i % 2)) {
			EXPECT_EQ(-ENOMEM, op.tally.starved)
				TH_LOG("%s: no allocation has failed", name);
		}
		/* Who waits is in the queue as it is on its stack. */
		if (table.nr == SYSDEMO_NR_WAIT) {
			EXPECT_EQ(0, op.tally.starved)
				TH_LOG("%s: it takes memory", name);
		}
	}
	/* There are that many and a hole at least. */
	EXPECT_LE(2 * (SYSDEMO_NR_CALLS - 1), calls);
	close(file);
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		path_call(self->fd, SYSDEMO_NR_UNLINK, inside[i], 0, 0);
	path_call(self->fd, SYSDEMO_NR_RMDIR, path, 0, 0);
	path_call(self->fd, SYSDEMO_NR_UNLINK, path, 0, 0);
	EXPECT_EQ(0, path_call(self->fd, SYSDEMO_NR_UNLINK, "file", 0, 0));
}

/*
 * A sleep that is interrupted: what remains is written, or cannot be, and then the result says that
 * it was interrupted.
 */
static struct sysdemo_time remaining;
static unsigned int untold;

/* The record is read, the structure is read, what remains is written: then comes the handler. */
#define INTERRUPTED_CHANCES 3

static void be_interrupted(int signal)
{
	(void)signal;
}

static int prepare_interrupted(struct operation *op)
{
	/* Not before the call has begun: to call a handler is full of chances to fail as well. */
	static const struct itimerval later = { { .tv_usec = 200000 }, { .tv_usec = 200000 } };

	remaining = (struct sysdemo_time) { .time = INT64_MAX };
	op->call = op->sent;
	return setitimer(ITIMER_REAL, &later, NULL);
}

static const char *check_interrupted(struct operation *op, long result, bool injected)
{
	static const struct itimerval never;
	const __s64 ret = op->call.ret;

	setitimer(ITIMER_REAL, &never, NULL);
	if (remaining.flags)
		return "more is written than what remains";
	if (result == -EINTR) {
		if (ret != UNTOUCHED)
			return "the ioctl is interrupted, but there is a result";
		return remaining.time < INT64_MAX ? NULL : "what remains is not told";
	}
	if (!result && ret == -EINTR) {
		if (remaining.time != INT64_MAX)
			return "what remains is told, but it does not go on with it";
		untold++;
		return injected ? NULL : "without a fault, what remains is not told";
	}
	if (result == -EFAULT)
		return ret == UNTOUCHED ? check_error(op, result, injected) :
					  "the ioctl fails, but there is a result";
	return result ? "the ioctl gives another error" : check_error(op, ret, injected);
}

TEST_F_TIMEOUT(abi, an_interrupted_sleep, 120)
{
	const struct sigaction action = { .sa_handler = be_interrupted };
	struct operation op = {
		.name = "interrupted sleep", .fd = self->fd, .prepare = prepare_interrupted,
		.attempt = attempt_call, .check = check_interrupted,
		.sent = {
			.nr = SYSDEMO_NR_SLEEP, .ret = UNTOUCHED,
			.args = { (uintptr_t)&remaining, sizeof(remaining) },
		},
	};
	const char *wrong;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	for (unsigned int n = 0; n < PASSES * INTERRUPTED_CHANCES; n++) {
		bool injected;

		wrong = try_fault(&self->faults, &op, n % INTERRUPTED_CHANCES + 1, &injected);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s", wrong);
		EXPECT_TRUE(injected);
	}
	EXPECT_LE(PASSES, op.tally.efault);
	EXPECT_LT(0, untold);
}

/* Four calls, the second of which writes memory and can lack some. */
#define RECORDS 4
static struct sysdemo_call records[RECORDS], prepared_records[RECORDS];
static struct sysdemo_batch batch;
static unsigned int batch_flags;

static int prepare_batch(struct operation *op)
{
	(void)op;
	memset(records, 0, sizeof(records));
	for (int i = 0; i < RECORDS; i++)
		records[i].ret = UNTOUCHED;
	records[0].nr = SYSDEMO_NR_GETPID;
	records[1].nr = SYSDEMO_NR_ECHO;
	records[1].args[0] = (uintptr_t)areas[0].bytes;
	records[1].args[1] = (uintptr_t)areas[1].bytes;
	records[1].args[2] = GUARD;
	records[2].nr = SYSDEMO_NR_GETTID;
	records[3].nr = SYSDEMO_NR_NULL;
	memcpy(prepared_records, records, sizeof(records));
	batch = (struct sysdemo_batch) {
		.calls = (uintptr_t)records, .count = RECORDS, .flags = batch_flags,
		.done = UNTOUCHED, .status = UNTOUCHED,
	};
	return 0;
}

static long attempt_batch(struct operation *op)
{
	return do_ioctl(op->fd, SYSDEMO_IOC_BATCH, &batch);
}

static const char *check_batch(struct operation *op, long result, bool injected)
{
	const __s64 values[RECORDS] = { getpid(), GUARD, gettid(), 0 };
	__u32 done = 0;
	__s64 last = 0, worst = 0;

	if (batch.calls != (uintptr_t)records || batch.count != RECORDS ||
	    batch.flags != batch_flags)
		return "more of the structure is written than what is for that";
	while (done < RECORDS && records[done].ret != UNTOUCHED) {
		last = records[done].ret == values[done] ? 0 : records[done].ret;
		if (last && last != -EFAULT && last != -ENOMEM)
			return "a call has the wrong result";
		worst = last ?: worst;
		done++;
	}
	for (__u32 i = 0; i < RECORDS; i++) {
		if (memcmp(&records[i], &prepared_records[i], offsetof(struct sysdemo_call, ret)))
			return "more of a record is written than its result";
		if (i > done && records[i].ret != UNTOUCHED)
			return "a record is left out";
	}
	if (result) {
		if (result != -EFAULT || batch.status != UNTOUCHED)
			return "it fails otherwise than with EFAULT before its status is written";
		if (batch.done != UNTOUCHED)
			return "it fails, but says how many records are done";
		return check_error(op, result, injected);
	}
	if (batch.done != done)
		return "the wrong number of records is said to be done";
	if (!worst && done == RECORDS)
		return batch.status ? "all is done, but the status is an error" : NULL;
	if (done == RECORDS || last) {
		if (batch.status != (batch_flags & SYSDEMO_BATCH_CONTINUE ? 0 : last))
			return "the status is not the error of the last call";
		return check_error(op, worst, injected);
	}
	/* It ended before its end: a record could not be read, or its result not be written. */
	if (batch.status != -EFAULT)
		return "the status is not why it ended";
	return check_error(op, batch.status, injected);
}

TEST_F_TIMEOUT(abi, batch, 120)
{
	struct operation op = {
		.name = "BATCH", .fd = self->fd, .prepare = prepare_batch,
		.attempt = attempt_batch, .check = check_batch,
	};

	memset(areas, 0, sizeof(areas));
	for (batch_flags = 0; batch_flags <= SYSDEMO_BATCH_CONTINUE; batch_flags++) {
		const char *wrong = sweep(&self->faults, &op);

		EXPECT_EQ(NULL, wrong)
			TH_LOG("flags %u: %s", batch_flags, wrong);
		/* The structure and each record: one read, one write. Echo's own two. */
		EXPECT_LE(EACH_OF(2 + 2 * RECORDS + 2), op.tally.efault);
		EXPECT_EQ(-ENOMEM, op.tally.starved);
	}
}

/* Commands that write a structure, or fail and write nothing of what they know. */
static unsigned char structure[2 * PAGE], told[2 * PAGE];

static int prepare_structure(struct operation *op)
{
	(void)op;
	memset(structure, 0, sizeof(structure));
	*(__u32 *)structure = SYSDEMO_NR_ECHO;
	memset(structure + sizeof(__u32), 0x5a, sizeof(structure) - sizeof(__u32));
	return 0;
}

static long attempt_structure(struct operation *op)
{
	return do_ioctl(op->fd, op->cmd, structure);
}

static const char *check_structure(struct operation *op, long result, bool injected)
{
	for (size_t i = op->size; i < sizeof(structure); i++) {
		if (structure[i] != 0x5a)
			return "it writes beyond the structure";
	}
	if (!result)
		return memcmp(structure, told, op->size) ? "it tells something else" : NULL;
	if (result != -EFAULT)
		return "it gives another error than EFAULT";
	/* What is behind the known part is filled with zeros first. */
	for (size_t i = sizeof(__u32); i < op->size; i++) {
		if (structure[i] != 0x5a && structure[i])
			return "it fails, but something is told";
	}
	return check_error(op, result, injected);
}

TEST_F_TIMEOUT(abi, table_and_info, 120)
{
	/* The last as a program of the future knows it. */
	const struct {
		const char *name;
		unsigned int cmd, faults;
	} commands[] = {
		{ "TABLE", SYSDEMO_IOC_TABLE, 2 },
		{ "INFO", SYSDEMO_IOC_INFO, 1 },
		{ "INFO, longer", _IOC(_IOC_READ, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_INFO, PAGE), 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct operation op = {
			.name = commands[i].name, .fd = self->fd, .prepare = prepare_structure,
			.attempt = attempt_structure, .check = check_structure,
			.cmd = commands[i].cmd, .size = _IOC_SIZE(commands[i].cmd),
		};
		const char *wrong;

		prepare_structure(&op);
		ASSERT_EQ(0, attempt_structure(&op));
		memcpy(told, structure, sizeof(told));
		wrong = sweep(&self->faults, &op);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s: %s", op.name, wrong);
		EXPECT_LE(EACH_OF(commands[i].faults), op.tally.efault);
	}
}

/* An open device of its own for each: there is no way back. */
static int prepare_restrict(struct operation *op)
{
	op->fd = sysdemo_open(device);
	return op->fd < 0;
}

static long attempt_restrict(struct operation *op)
{
	static const struct sysdemo_restrict only_getpid = {
		.allowed = { 1 << SYSDEMO_NR_GETPID },
	};

	return do_ioctl(op->fd, SYSDEMO_IOC_RESTRICT, (void *)&only_getpid);
}

static const char *check_restrict(struct operation *op, long result, bool injected)
{
	struct sysdemo_info info = { 0 };
	bool allowed = !sysdemo_null(op->fd), told;

	told = !ioctl(op->fd, SYSDEMO_IOC_INFO, &info) && info.restricted == !result;
	if (sysdemo_getpid(op->fd) != getpid())
		return "what is allowed cannot be done";
	close(op->fd);
	if (!told || allowed != !!result)
		return result ? "it fails, but is in force" : "it succeeds, but is not in force";
	if (result && result != -EFAULT)
		return "it gives another error than EFAULT";
	return result ? check_error(op, result, injected) : NULL;
}

TEST_F_TIMEOUT(abi, restriction, 120)
{
	struct operation op = {
		.name = "RESTRICT", .prepare = prepare_restrict, .attempt = attempt_restrict,
		.check = check_restrict,
	};
	const char *wrong = sweep(&self->faults, &op);

	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	EXPECT_LE(1, op.tally.efault);
}

/* What the log of an open device of its own is asked for. */
static struct sysdemo_log log_request;

static int prepare_log(struct operation *op)
{
	log_request = (struct sysdemo_log) {
		.flags = SYSDEMO_LOG_ON, .capacity = 100, .dropped = UNTOUCHED,
	};
	op->fd = sysdemo_open(device);
	return op->fd < 0;
}

static long attempt_log(struct operation *op)
{
	return do_ioctl(op->fd, SYSDEMO_IOC_LOG, &log_request);
}

static const char *check_log(struct operation *op, long result, bool injected)
{
	struct sysdemo_log_record record;
	struct sysdemo_log told;
	bool works;

	if (sysdemo_log(op->fd, 0, 0, &told) || sysdemo_null(op->fd))
		return "the device does not work any more";
	works = told.state == SYSDEMO_LOG_ON && told.room == 100 &&
		sysdemo_read_log(op->fd, &record, 1) == 1 && !record.seq;
	if (told.state != SYSDEMO_LOG_ON && (told.room || told.dropped))
		return "it is off, but not as it was";
	close(op->fd);
	if (!result) {
		if (!works || log_request.state != SYSDEMO_LOG_ON || log_request.dropped)
			return "it succeeds, but the log is not on";
		return NULL;
	}
	/* What could not be told has been done all the same. */
	if (works && result != -EFAULT)
		return "it fails, but the log is on";
	if (log_request.dropped && log_request.dropped != UNTOUCHED)
		return "it fails, but something else is told";
	return check_error(op, result, injected);
}

#define RECORDS_READ 3

static struct sysdemo_log_record log_records[RECORDS_READ];

static int prepare_read(struct operation *op)
{
	memset(log_records, 0x5a, sizeof(log_records));
	op->fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (op->fd < 0 || sysdemo_log(op->fd, SYSDEMO_LOG_ON, 8, NULL))
		return -1;
	for (int i = 0; i < RECORDS_READ; i++)
		sysdemo_null(op->fd);
	return 0;
}

static long attempt_read(struct operation *op)
{
	long length = syscall(SYS_read, op->fd, log_records, sizeof(log_records));

	return length < 0 ? -errno : length;
}

/* As many as it says, and the others are there for the next one. */
static const char *check_read(struct operation *op, long result, bool injected)
{
	const long size = sizeof(log_records[0]);
	long got = result < 0 ? 0 : result / size;

	if (result > 0 && result % size)
		return "a part of a record is read";
	if (got < RECORDS_READ)
		sysdemo_read_log(op->fd, log_records + got, RECORDS_READ - got);
	close(op->fd);
	for (int i = 0; i < RECORDS_READ; i++) {
		if (log_records[i].seq != (__u64)i || log_records[i].tid != (__u32)gettid())
			return "a record is lost";
	}
	if (result < 0)
		return check_error(op, result, injected);
	return injected || got == RECORDS_READ ? NULL : "it reads less than there is";
}

TEST_F_TIMEOUT(abi, log, 120)
{
	struct operation on = {
		.name = "LOG", .prepare = prepare_log, .attempt = attempt_log, .check = check_log,
	};
	struct operation read = {
		.name = "read", .prepare = prepare_read, .attempt = attempt_read,
		.check = check_read,
	};
	const char *wrong = sweep(&self->faults, &on);

	EXPECT_EQ(NULL, wrong)
		TH_LOG("LOG: %s", wrong);
	/* The structure, by both ways; the records. */
	EXPECT_LE(2, on.tally.efault);
	EXPECT_LE(1, on.tally.enomem);
	EXPECT_EQ(-ENOMEM, on.tally.starved);
	wrong = sweep(&self->faults, &read);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("read: %s", wrong);
	/* The first of them; the others make it shorter. */
	EXPECT_LE(1, read.tally.efault);
	EXPECT_LE(RECORDS_READ - 1, read.tally.survived);
}

/* What is mapped, of an open device of its own: `round` says what. */
static int prepare_map(struct operation *op)
{
	op->fd = sysdemo_open(device);
	op->size = PAGE;
	if (op->round) {
		struct sysdemo_ring ring = { .entries = 64 };

		if (ioctl(op->fd, SYSDEMO_IOC_RING, &ring))
			return -1;
		op->size = ring.size;
	}
	return op->fd < 0;
}

static void *mapped;

static long attempt_map(struct operation *op)
{
	const int write = op->round ? PROT_WRITE : 0;

	mapped = mmap(NULL, op->size, PROT_READ | write, MAP_SHARED, op->fd,
		      op->round ? SYSDEMO_MMAP_RING : SYSDEMO_MMAP_VVAR);
	return mapped == MAP_FAILED ? -errno : 0;
}

static const char *check_map(struct operation *op, long result, bool injected)
{
	bool right = true;

	if (!result) {
		/* All of its pages are there. */
		for (size_t i = 0; i < op->size; i += PAGE)
			right &= *((volatile unsigned char *)mapped + i) == (!i && !op->round);
		munmap(mapped, op->size);
	}
	right &= !sysdemo_null(op->fd);
	close(op->fd);
	if (!right)
		return "what is mapped is not what it has to be";
	return result ? check_error(op, result, injected) : NULL;
}

/* The rings of an open device of its own: made, or in the second round only asked for. */
static struct sysdemo_ring ring_request;

static int prepare_ring(struct operation *op)
{
	memset(&ring_request, 0x5a, sizeof(ring_request));
	ring_request.entries = op->round ? 0 : 64;
	ring_request.flags = 0;
	op->fd = sysdemo_open(device);
	return op->fd < 0;
}

static long attempt_ring(struct operation *op)
{
	return do_ioctl(op->fd, SYSDEMO_IOC_RING, &ring_request);
}

static const char *check_ring(struct operation *op, long result, bool injected)
{
	struct sysdemo_ring told = { 0 };
	bool works = !ioctl(op->fd, SYSDEMO_IOC_RING, &told);

	close(op->fd);
	if (!works || (told.size && (op->round || told.sq_entries != 64)))
		return "the device does not tell of its rings";
	told.entries = op->round ? 0 : 64;
	if (!result)
		return memcmp(&told, &ring_request, sizeof(told)) ? "it tells something else" :
								    NULL;
	/* What could not be told has been made all the same. */
	if (told.size && result != -EFAULT)
		return "it fails, but there are rings";
	return check_error(op, result, injected);
}

/*
 * Lets the answer be what fails once: the last chance of all. How many there are before it varies,
 * as the allocator needs a page more or less: it is aimed at until it is hit. NULL, or what is
 * wrong.
 */
static const char *fail_answer(const struct faults *faults, struct operation *op)
{
	for (int i = 0; i < 100; i++) {
		struct sysdemo_ring told = { 0 };
		unsigned int chances;
		const char *wrong;
		bool injected;
		long result;

		if (op->prepare(op) || faults_arm(faults, NEVER))
			return "it cannot be prepared";
		result = op->attempt(op);
		chances = NEVER - faults_disarm(faults);
		wrong = op->check(op, result, false);
		if (wrong)
			return wrong;

		if (op->prepare(op) || faults_arm(faults, chances))
			return "it cannot be prepared";
		result = op->attempt(op);
		injected = !faults_disarm(faults);
		if (ioctl(op->fd, SYSDEMO_IOC_RING, &told))
			return "the device does not tell of its rings";
		wrong = op->check(op, result, injected);
		if (wrong || (result == -EFAULT && told.size))
			return wrong;
	}
	return "its answer has never failed";
}

/* Calls by the rings, of which one copies and can lack memory. */
static struct sysdemo_rings rings;

static int prepare_enter(struct operation *op)
{
	static const __u32 calls[] = { SYSDEMO_NR_GETPID, SYSDEMO_NR_ECHO, SYSDEMO_NR_NULL };
	struct sysdemo_completion completion;

	(void)op;
	while (sysdemo_next_completion(&rings, &completion))
		;
	memset(areas, 0, sizeof(areas));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sysdemo_submission *submission = sysdemo_next_submission(&rings);

		if (!submission)
			return -1;
		*submission = (struct sysdemo_submission) {
			.nr = calls[i], .user_data = i,
			.args = { (uintptr_t)areas[0].bytes, (uintptr_t)areas[1].bytes, GUARD },
		};
	}
	return 0;
}

static long attempt_enter(struct operation *op)
{
	int made = sysdemo_enter(&rings, 3);

	(void)op;
	return made < 0 ? -errno : made;
}

static const char *check_enter(struct operation *op, long result, bool injected)
{
	const __s64 wanted[] = { getpid(), GUARD, 0 };
	struct sysdemo_completion completion;

	if (result != 3)
		return "not all calls are made";
	for (int i = 0; i < 3; i++) {
		if (!sysdemo_next_completion(&rings, &completion) ||
		    completion.user_data != (__u64)i)
			return "a completion is missing";
		if (completion.ret == wanted[i])
			continue;
		if (i != 1)
			return "a call has the wrong result";
		return check_error(op, completion.ret, injected);
	}
	return sysdemo_next_completion(&rings, &completion) ? "there is one too many" : NULL;
}

TEST_F_TIMEOUT(abi, shared_memory, 240)
{
	struct operation map = {
		.prepare = prepare_map, .attempt = attempt_map, .check = check_map,
	};
	struct operation ring = {
		.name = "RING", .prepare = prepare_ring, .attempt = attempt_ring,
		.check = check_ring,
	};
	struct operation enter = {
		.name = "ENTER", .fd = self->fd, .prepare = prepare_enter,
		.attempt = attempt_enter, .check = check_enter,
	};
	const char *wrong;

	for (map.round = 0; map.round < 2; map.round++) {
		map.name = map.round ? "mmap of rings" : "mmap of facts";
		wrong = sweep(&self->faults, &map);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s: %s", map.name, wrong);
		EXPECT_LE(1, map.tally.enomem);
	}
	wrong = sweep(&self->faults, &ring);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("RING: %s", wrong);
	/* What is asked for; the memory, and what holds it. */
	EXPECT_LE(EACH_OF(1), ring.tally.efault);
	EXPECT_LE(1, ring.tally.enomem);
	EXPECT_EQ(-ENOMEM, ring.tally.starved);
	wrong = fail_answer(&self->faults, &ring);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("RING: %s", wrong);
	ring.round = 1;
	ring.name = "RING, asked";
	wrong = sweep(&self->faults, &ring);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("RING, asked: %s", wrong);
	/* The structure, by both ways. */
	EXPECT_LE(EACH_OF(2), ring.tally.efault);

	ASSERT_EQ(0, sysdemo_open_rings(self->fd, 8, &rings));
	wrong = sweep(&self->faults, &enter);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("ENTER: %s", wrong);
	/* Nothing is copied but by the call that copies: twice. */
	EXPECT_LE(EACH_OF(2), enter.tally.efault);
	EXPECT_EQ(-ENOMEM, enter.tally.starved);
	EXPECT_EQ(0, sysdemo_unmap_rings(&rings));
}

/* A command by io_uring, whose record is the program's. */
static struct uring uring;

static int prepare_uring(struct operation *op)
{
	op->call = op->sent;
	memcpy(areas, prepared, sizeof(areas));
	return 0;
}

static long attempt_uring(struct operation *op)
{
	struct io_uring_sqe *sqe = next_sqe(&uring);
	const __u64 record = (uintptr_t)&op->call;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = op->fd;
	sqe->cmd_op = SYSDEMO_IOC_CALL;
	memcpy(sqe->cmd, &record, sizeof(record));
	/* What could not be taken is in the queue, and is taken with the next one. */
	if (submit_next(&uring)) {
		const int error = errno;

		atomic_fetch_sub(uring.sq_tail, 1);
		return -error;
	}
	return wait_for_it(&uring);
}

static const char *check_uring(struct operation *op, long result, bool injected)
{
	if (memcmp(&op->call, &op->sent, offsetof(struct sysdemo_call, ret)))
		return "more of the record is written than its result";
	if (result == GUARD)
		return op->call.ret == GUARD ? NULL : "it succeeds, but there is no result";
	if (op->call.ret != UNTOUCHED && op->call.ret != result && op->call.ret != GUARD)
		return "there is another result";
	/* How io_uring says that it has no memory for a request. */
	return check_error(op, result == -EAGAIN ? -ENOMEM : result, injected);
}

TEST_F_TIMEOUT(abi, by_uring, 240)
{
	struct operation op = {
		.fd = self->fd, .prepare = prepare_uring, .attempt = attempt_uring,
		.check = check_uring,
		.sent = {
			.nr = SYSDEMO_NR_ECHO, .ret = UNTOUCHED,
			.args = { (uintptr_t)areas[0].bytes, (uintptr_t)areas[1].bytes, GUARD },
		},
	};

	const char *wrong;

	/* By who submits. What a worker does, the faults of a thread do not reach. */
	ASSERT_EQ(0, open_uring(&uring));
	op.name = "CALL by io_uring";
	wrong = sweep(&self->faults, &op);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	/* The record, by both ways, and the call's own two. */
	EXPECT_LE(EACH_OF(4), op.tally.efault);
	EXPECT_EQ(-ENOMEM, op.tally.starved);
	close(uring.fd);
}

static int prepare_open(struct operation *op)
{
	(void)op;
	return 0;
}

static long attempt_open(struct operation *op)
{
	long fd = syscall(SYS_openat, AT_FDCWD, device, O_RDWR | O_CLOEXEC);

	(void)op;
	return fd < 0 ? -errno : fd;
}

static const char *check_open(struct operation *op, long result, bool injected)
{
	bool usable;

	if (result < 0)
		return check_error(op, result, injected);
	usable = !sysdemo_null(result);
	close(result);
	return usable ? NULL : "what is open cannot be used";
}

/* The name, the file, and what the module holds of it. */
#define OPEN_ENOMEM EACH_OF(3)

TEST_F_TIMEOUT(abi, open, 120)
{
	struct operation op = {
		.name = "open", .prepare = prepare_open, .attempt = attempt_open,
		.check = check_open,
	};
	const char *wrong = NULL;

	/* Here the allocator needs another page so often that one sweep may not be enough. */
	for (int i = 0; !wrong && i < 5 && (op.tally.enomem < OPEN_ENOMEM || !op.tally.efault); i++)
		wrong = sweep(&self->faults, &op);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	EXPECT_LE(OPEN_ENOMEM, op.tally.enomem);
	EXPECT_LE(1, op.tally.efault);
	EXPECT_EQ(-ENOMEM, op.tally.starved);
}

static int prepare_close(struct operation *op)
{
	op->fd = sysdemo_open(device);
	return op->fd < 0 || set_labels(op->fd);
}

static long attempt_close(struct operation *op)
{
	return syscall(SYS_close, op->fd) ? -errno : 0;
}

/* There is no error: who closes has no way to handle one. */
static const char *check_close(struct operation *op, long result, bool injected)
{
	(void)injected;
	if (fcntl(op->fd, F_GETFD) >= 0)
		return "it is still open";
	return result ? "it gives an error" : NULL;
}

TEST_F_TIMEOUT(abi, close, 120)
{
	struct operation op = {
		.name = "close", .prepare = prepare_close, .attempt = attempt_close,
		.check = check_close,
	};
	const char *wrong = sweep(&self->faults, &op);

	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
}

/* What the fixture has open, and the file that tells of it. */
static char info_path[64], info_text[PAGE], info_wanted[PAGE];

static int prepare_fdinfo(struct operation *op)
{
	memset(info_text, 0, sizeof(info_text));
	op->fd = open(info_path, O_RDONLY | O_CLOEXEC);
	return op->fd < 0;
}

static long attempt_fdinfo(struct operation *op)
{
	long length = syscall(SYS_read, op->fd, info_text, sizeof(info_text) - 1);

	return length < 0 ? -errno : length;
}

static const char *check_fdinfo(struct operation *op, long result, bool injected)
{
	const char *wrong = NULL;

	if (result < 0) {
		wrong = check_error(op, result, injected);
		/* What could not be read is not lost: it is what the next one gets. */
		memset(info_text, 0, sizeof(info_text));
		attempt_fdinfo(op);
	}
	close(op->fd);
	return wrong ?: strcmp(info_text, info_wanted) ? "it tells something else" : NULL;
}

TEST_F_TIMEOUT(abi, fdinfo, 120)
{
	struct operation op = {
		.name = "fdinfo", .prepare = prepare_fdinfo, .attempt = attempt_fdinfo,
		.check = check_fdinfo,
	};
	const char *wrong;

	snprintf(info_path, sizeof(info_path), "/proc/self/fdinfo/%d", self->fd);
	ASSERT_LT(0, read_file(info_path, info_wanted, sizeof(info_wanted)));
	ASSERT_NE(NULL, strstr(info_wanted, "sysdemo-calls:\t0\n"));
	wrong = sweep(&self->faults, &op);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	EXPECT_LE(1, op.tally.enomem);
	EXPECT_LE(1, op.tally.efault);
}

/* Last: whether all that was for naught. */
TEST_F(abi, alarms_are_still_on)
{
	const char *gone = who_gave_up();

	EXPECT_EQ(NULL, gone)
		TH_LOG("%s has given up", gone);
}

/* How the module is loaded and unloaded, as insmod and rmmod do it. */
FIXTURE(loading) {
	int file, trace;
	char filter[256];
	struct faults faults;
};

/*
 * A load takes a tenth of a second in such a kernel, and has hundreds of chances to fail. Most of
 * them are the loader's own: of those as many are tried as there is time for. The last ones are all
 * tried, and so many of them that those of the module's init are among them: the first that lets it
 * fail has to do so before its init. Of an unload all are tried.
 */
#define LAST 60
#define STEP 30
#define SECONDS 15

/* What the kernel traces right before it calls a module's init. */
#define EVENT "/sys/kernel/tracing/events/module/module_load/enable"

/* After how many failures it is seen whether it can be loaded: if not, later attempts fail too. */
#define LOOK_EVERY 8

static long load(int file)
{
	return syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
}

static long unload(void)
{
	return syscall(SYS_delete_module, "sysdemo", O_NONBLOCK) ? -errno : 0;
}

/* NULL if the module is there and works, or is not there, as it should be. */
static const char *check_loaded(bool loaded)
{
	int fd;

	if ((count_module_users() >= 0) != loaded)
		return loaded ? "the module is not in the list" : "the module is in the list";
	if (!access(SYSDEMO_DEVICE, F_OK) != loaded)
		return loaded ? "there is no device" : "there is a device";
	if (!loaded)
		return NULL;
	fd = sysdemo_open(SYSDEMO_DEVICE);
	if (fd < 0)
		return "the device cannot be opened";
	if (sysdemo_null(fd)) {
		close(fd);
		return "the device cannot be used";
	}
	return close(fd) ? "the device cannot be closed" : NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void show_tally(const char *what, const struct tally *tally, unsigned int chances,
		       double start)
{
	ksft_print_msg("%s: %u faults of %u: %u ENOMEM, %u EFAULT, %u without effect; %.0f s\n",
		       what, tally->injected, chances, tally->enomem, tally->efault,
		       tally->survived, now() - start);
}

/* Which fault is tried after the n-th, so that there is time for those up to the end. */
static unsigned int next_fault(unsigned int n, unsigned int end, double start, unsigned int tried)
{
	double spent = now() - start, left = SECONDS - spent;
	double attempts = left > 0 ? left * tried / spent : 0;

	return attempts < 1 ? end : n + (unsigned int)((end - n) / attempts) + 1;
}

/*
 * Makes no fault in one kind of allocation: that of the fields of a trace event, for which the
 * kernel has a WARN_ON_ONCE() instead of an error (event_define_fields()). All others are marked.
 */
static int spare_trace_fields(void)
{
	DIR *folder = opendir("/sys/kernel/slab");
	struct dirent *entry;
	bool found = false;
	char path[512];

	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		bool spared = !strcmp(entry->d_name, "ftrace_event_field");

		found |= spared;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab", entry->d_name);
		/* A folder that is another's second name cannot be written: EINVAL. */
		if (entry->d_name[0] != '.' && write_file(path, spared ? "0" : "1") &&
		    errno != EINVAL)
			found = false;
	}
	closedir(folder);
	return found ? write_file("/sys/kernel/debug/failslab/cache-filter", "Y") : -1;
}

/* What the module tests of itself when it is loaded is a parameter of the kernel's. */
#define FILTER "/sys/module/kunit/parameters/filter_glob"

FIXTURE_SETUP(loading)
{
	const char *wrong = check_loaded(false);
	struct utsname name;
	char path[256], *end;

	if (!faults_are_possible())
		SKIP(return, "a kernel without fault injection");
	ASSERT_EQ(0, faults_configure())
		TH_LOG("%s", strerror(errno));
	ASSERT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	ASSERT_EQ(0, spare_trace_fields())
		TH_LOG("/sys/kernel/slab: %s", strerror(errno));
	/* The module's own tests are not what is swept. */
	ASSERT_LT(0, read_file(FILTER, self->filter, sizeof(self->filter)));
	end = strchr(self->filter, '\n');
	if (end)
		*end = '\0';
	/* Where there is no filter, there is no way back to that but one that lets all pass. */
	if (!strcmp(self->filter, "(null)"))
		snprintf(self->filter, sizeof(self->filter), "*.*");
	ASSERT_EQ(0, write_file(FILTER, "none.none"));
	/* To load and unload is to wait for grace periods, most of the time. */
	ASSERT_EQ(0, write_file("/sys/kernel/rcu_expedited", "1"));
	ASSERT_EQ(0, write_file(EVENT, "1"));
	self->trace = open("/sys/kernel/tracing/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->trace);
	ASSERT_EQ(0, uname(&name));
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/sysdemo.ko", name.release);
	self->file = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->file)
		TH_LOG("%s: %s", path, strerror(errno));
	ASSERT_EQ(0, faults_open(&self->faults));
}

FIXTURE_TEARDOWN(loading)
{
	EXPECT_EQ(0, write_file(EVENT, "0"));
	EXPECT_EQ(0, write_file("/sys/kernel/rcu_expedited", "0"));
	EXPECT_EQ(0, write_file(FILTER, "%s", self->filter));
	faults_close(&self->faults);
	close(self->trace);
	close(self->file);
}

/* Whether the module's init was about to be called since this was asked last. */
static bool has_come_to_init(int trace)
{
	char text[4096];
	bool has = false;
	ssize_t length;

	while ((length = read(trace, text, sizeof(text) - 1)) > 0) {
		text[length] = '\0';
		has |= !!strstr(text, "module_load: sysdemo");
	}
	return has;
}

TEST_F_TIMEOUT(loading, load, 240)
{
	unsigned int chances = NEVER, tried = 0, before_init = 0, in_init = 0, sampled = 0;
	unsigned int last, end, n;
	struct tally tally = { 0 };
	double start, sample = 0;
	const char *wrong;

	/* The first takes what later ones find. */
	for (int i = 0; i < 3; i++) {
		unsigned int rest;

		ASSERT_EQ(0, faults_arm(&self->faults, NEVER));
		ASSERT_EQ(0, load(self->file));
		rest = faults_disarm(&self->faults);
		chances = NEVER - rest < chances ? NEVER - rest : chances;
		ASSERT_EQ(0, unload());
	}
	ASSERT_TRUE(has_come_to_init(self->trace));
	start = now();
	last = chances > LAST ? chances - LAST : 1;
	/* The last ones up to a load without a fault, and then the others. */
	end = chances + MOST_ATTEMPTS;
	for (n = last; n < end; ) {
		bool injected, too_late = false;
		long result;

		ASSERT_EQ(0, faults_arm(&self->faults, n));
		result = load(self->file);
		injected = !faults_disarm(&self->faults);
		tally.injected += injected;
		tally.survived += injected && !result;
		if (result) {
			bool called = has_come_to_init(self->trace);

			EXPECT_TRUE(injected && count_error(&tally, result))
				TH_LOG("fault %u: %s", n, strerror(-result));
			sampled += end == last;
			before_init += !called && end != last;
			in_init += called && end != last;
			too_late = called && !before_init && end != last && last > 1;
		}
		wrong = check_loaded(!result);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("fault %u, result %ld: %s", n, result, wrong);
		if (result && (tally.enomem + tally.efault) % LOOK_EVERY == 0) {
			result = load(self->file);
			ASSERT_EQ(0, result)
				TH_LOG("after fault %u: %s", n, strerror(-result));
			wrong = check_loaded(true);
			EXPECT_EQ(NULL, wrong)
				TH_LOG("after fault %u: %s", n, wrong);
		}
		if (!result) {
			ASSERT_EQ(0, unload())
				TH_LOG("after fault %u", n);
			wrong = check_loaded(false);
			EXPECT_EQ(NULL, wrong)
				TH_LOG("unloaded after fault %u: %s", n, wrong);
		}
		has_come_to_init(self->trace);
		tried++;
		if (end == last) {
			n = next_fault(n, end, sample, tried);
		} else if (too_late) {
			last = last > STEP ? last - STEP : 1;
			n = last;
			in_init = 0;
		} else if (injected) {
			n++;
			ASSERT_GT(end, n);
		} else {
			end = last;
			n = 1;
			tried = 0;
			sample = now();
		}
	}
	show_tally("load", &tally, chances, start);
	ksft_print_msg("of the last ones %u let it fail before its init, %u later; of others %u\n",
		       before_init, in_init, sampled);
	/* One after the other, from before its init up to the end of the load. */
	EXPECT_LT(0, before_init);
	EXPECT_LT(0, in_init);
	/* Of the others: the loader's. */
	EXPECT_LT(0, sampled);
}

TEST_F_TIMEOUT(loading, unload, 120)
{
	struct tally tally = { 0 };
	bool injected = true;
	unsigned int chances;
	const char *wrong;
	double start;

	ASSERT_EQ(0, load(self->file));
	ASSERT_EQ(0, faults_arm(&self->faults, NEVER));
	ASSERT_EQ(0, unload());
	chances = NEVER - faults_disarm(&self->faults);
	start = now();
	for (unsigned int n = 1; injected; n++) {
		long result;

		ASSERT_GT(MOST_ATTEMPTS, n);
		ASSERT_EQ(0, load(self->file))
			TH_LOG("before fault %u", n);
		ASSERT_EQ(0, faults_arm(&self->faults, n));
		result = unload();
		injected = !faults_disarm(&self->faults);
		tally.injected += injected;
		tally.survived += injected && !result;
		if (result) {
			EXPECT_TRUE(injected && count_error(&tally, result))
				TH_LOG("fault %u: %s", n, strerror(-result));
		}
		/* What could not be unloaded is whole, and can be. */
		wrong = check_loaded(result);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("fault %u, result %ld: %s", n, result, wrong);
		if (result)
			ASSERT_EQ(0, unload());
	}
	show_tally("unload", &tally, chances, start);
	EXPECT_LT(0, tally.efault);
}

TEST_F(loading, alarms_are_still_on)
{
	const char *gone = who_gave_up();

	EXPECT_EQ(NULL, gone)
		TH_LOG("%s has given up", gone);
}

int main(int argc, char **argv)
{
	/* The harness can leave a fixture out, or all but that. */
	bool loading = argc > 1 && !strcmp(argv[1], "--load");
	char *only[6] = { argv[0] };

	only[1] = loading ? "-f" : "-F";
	only[2] = "loading";
	if (argc > 1 && !loading)
		device = argv[1];
	if (argc < 3)
		return test_harness_run(3, only);
	only[3] = "-t";
	only[4] = argv[2];
	return test_harness_run(5, only);
}
