// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: threads that make calls on file descriptors which others replace, with memory
 * that others change and take away, while signals arrive, children are forked that execute, exit or
 * are killed with the device open, and somebody tries to unload the module all the time.
 *
 * Whatever comes first, each answer is one that the ABI knows, and everybody gets on. The rest is
 * for the kernel that it runs in to notice.
 *
 * Run as `stress [DEVICE] [--seconds N] [--seed N] [harness options]`. Each thread does the same
 * again with the same seed, in the same order; who is when is up to the scheduler. Without
 * --seconds it is a quarter of `stress_seconds` in the environment, which is where the kernel puts
 * such a word of its command line.
 */
#include "stress/calls.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/utsname.h>

/* Its name in the manual; not every C library has it. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define WORKERS 6

/* More than the compiler's and the harness' own limits: the time is bounded by other means. */
#define NO_TIMEOUT 1000000

/*
 * How much longer than it should it may take, on a slow machine: until everything has been done,
 * and until the threads end when they are told to.
 */
#define PATIENCE 180

static double seconds = 5;
static __u64 seed;

/*
 * Open devices that all threads use, and replace under each other's feet: but for the first, which
 * stays and is not restricted. To find one closed is no error then. Nothing but devices and files
 * of the tree is opened meanwhile: a number which has been given out again is one of these.
 */
#define SLOTS 8
static atomic_int slots[SLOTS];

/* What is done, apart from the calls themselves. */
enum {
	NO_CALL = SYSDEMO_RESTRICT_CALLS,
	BATCH, STATUS, TABLE, INFO, RESTRICT, LOG, READ, POLL, UNKNOWN, OPEN, FILE_READ, FILE_WRITE,
	FILE_SEEK, FILE_TRUNCATE, FILE_STAT, FILE_SEND, FORK, EXEC, LOAD, UNLOAD, SWEEP,
};

static const char * const names[] = {
	"no such call", "BATCH", "BATCH, status", "TABLE", "INFO", "RESTRICT", "LOG", "read",
	"poll", "unknown command", "open", "read of a file", "write to a file", "lseek",
	"ftruncate", "fstat", "sendfile", "fork", "exec", "load", "unload", "sweep",
};

static struct worker {
	struct stream stream;
	pthread_t thread;
	atomic_int tid;
	atomic_uint done;
	atomic_uint signals;
	/* Memory of its own: to be read, to be written, for records. */
	unsigned char *in, *out;
	struct sysdemo_call *records;
	/* A child that has fewer rights than its parent, or that has no children itself. */
	bool humble, child;
} workers[WORKERS];

static __thread struct worker *self_worker;

/* By either door. The error as a negative number. */
static long do_ioctl(struct worker *worker, int fd, unsigned int cmd, __u64 arg)
{
#ifdef __x86_64__
	if (arg <= UINT_MAX && random_once_in(&worker->stream, 4))
		return sysdemo_int80(I386_NR_IOCTL, fd, cmd, arg);
#endif
	(void)worker;
	return syscall(SYS_ioctl, fd, cmd, (long)arg) < 0 ? -errno : 0;
}

/* Whether a device was closed under the caller's feet, and a file perhaps opened in its place. */
static bool is_gone(long result, int slot)
{
	return slot && (result == -EBADF || result == -ENOTTY);
}

/* Puts a file of the tree where all can use it, or closes it. */
static void keep_file(struct worker *worker, int fd)
{
	close(random_once_in(&worker->stream, 4) ?
	      fd : atomic_exchange(&files[random_below(&worker->stream, FILES)], fd));
}

/* What a call has opened is in its record: see to it that there is an end to that. */
static void take_file(struct worker *worker, const struct sysdemo_call *call)
{
	if (call->nr == SYSDEMO_NR_OPEN && call->ret >= 0 && call->ret < MOST_FILES)
		keep_file(worker, call->ret);
}

/* The file system of the tree, by which its files are told. */
static dev_t tree_device;

static bool is_of_the_tree(int fd)
{
	struct stat stat;

	return !fstat(fd, &stat) && (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode)) &&
	       stat.st_dev == tree_device;
}

/*
 * Calls in records that others changed have opened files as well, and nobody knows which: once
 * there are many, whoever notices closes all of the tree's. One thread for that would not get to
 * it in time on a slow machine.
 */
#define MANY_FILES 256

static void sweep_files(struct worker *worker)
{
	int highest = dup(atomic_load(&slots[0]));

	if (highest < 0 && errno != EMFILE)
		fail("dup: %s", strerror(errno));
	if (highest >= 0)
		close(highest);
	if (highest >= 0 && highest < MANY_FILES)
		return;
	count(&shared->tallies[SWEEP], 0);
	/* Two who do this at once do not start at the same number. */
	for (int i = 0; i < MOST_FILES; i++) {
		int fd = (i + (worker - workers) * MOST_FILES / WORKERS) % MOST_FILES;

		if (fd > 2 && is_of_the_tree(fd))
			close(fd);
	}
}

static int any_slot(struct worker *worker, int first)
{
	return first + random_below(&worker->stream, SLOTS - first);
}

static __u32 any_number(struct worker *worker)
{
	static const __u32 none[] = { 100, 255, 256, 257, 0x80000000, -1U };

	if (random_once_in(&worker->stream, 16))
		return none[random_below(&worker->stream, ARRAY_SIZE(none))];
	return random_below(&worker->stream, table.count);
}

/* Notes what the call in a record gave, and says whether that can be. */
static bool check_ret(struct worker *worker, const struct sysdemo_call *call, int slot,
		      const unsigned char *in, const unsigned char *out)
{
	const bool known = call->nr < table.count && table.known[call->nr];
	struct tally *tally = &shared->tallies[known ? call->nr : NO_CALL];
	bool letters = !slot && (__u32)call->args[0] == SYSDEMO_LABEL_SESSION;

	if (known && is_result(call, in, out, letters)) {
		count(tally, 0);
		return true;
	}
	if (call->ret >= 0 || call->ret <= -ERRNOS)
		return false;
	count(tally, -call->ret);
	/* What is not there may not be restricted, and what is restricted may not be there. */
	if (call->ret == -EPERM && slot)
		return true;
	if (!known)
		return call->ret == -ENOSYS;
	/* A file keeps what its device gave up. */
	if (call->ret == -EPERM && !worker->humble && call->nr != SYSDEMO_NR_READ &&
	    call->nr != SYSDEMO_NR_WRITE)
		return false;
	return is_documented(call->nr, -call->ret);
}

static void fail_call(const char *what, const struct sysdemo_call *call, long result, int slot)
{
	fail("%s: call %u/%#x (%#llx %#llx %#llx %#llx %#llx %#llx) = %lld; %ld, slot %d",
	     what, call->nr, call->flags, (long long)call->args[0], (long long)call->args[1],
	     (long long)call->args[2], (long long)call->args[3], (long long)call->args[4],
	     (long long)call->args[5], (long long)call->ret, result, slot);
}

static void make_record(struct worker *worker, struct sysdemo_call *call, bool mixed)
{
	call->nr = any_number(worker);
	call->flags = random_once_in(&worker->stream, 32) ? any_flags(&worker->stream) : 0;
	make_arguments(&worker->stream, call->nr, call->args, worker->in, worker->out, mixed);
	call->ret = UNTOUCHED;
}

/* Calls that a signal may end: the ioctl says so, and there is no result. */
static bool sleeps(const struct sysdemo_call *call)
{
	return call->nr == SYSDEMO_NR_SLEEP || call->nr == SYSDEMO_NR_WAIT;
}

/* A call whose record is the thread's own; what it points to may not be. */
static void call_from_own_record(struct worker *worker)
{
	bool mixed = random_once_in(&worker->stream, 3);
	int slot = any_slot(worker, mixed);
	struct sysdemo_call *call = worker->records, sent;
	long result;

	make_record(worker, call, mixed);
	/* Who waits and who wakes meet on one open device. */
	if (!mixed && (call->nr == SYSDEMO_NR_WAIT || call->nr == SYSDEMO_NR_WAKE))
		slot = 0;
	sent = *call;
	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_CALL, (uintptr_t)call);
	if (memcmp(call, &sent, offsetof(struct sysdemo_call, ret)))
		fail_call("more than the result is written", call, result, slot);
	else if (is_gone(result, slot))
		return;
	else if (result == -EINTR && sleeps(call) && !call->flags && call->ret == UNTOUCHED)
		count(&shared->tallies[call->nr], EINTR);
	else if (result ? result != -EINVAL || !call->flags || call->ret != UNTOUCHED : call->flags)
		fail_call("an ioctl that cannot end like that", call, result, slot);
	else if (!result && !check_ret(worker, call, slot, worker->in, mixed ? NULL : worker->out))
		fail_call("a result that cannot be", call, result, slot);
	else if (!result)
		take_file(worker, call);
}

/* A call whose record is changed by others meanwhile, or is not there. */
static void call_from_any_record(struct worker *worker)
{
	__u64 address = any_address(&worker->stream, (unsigned char *)worker->records);
	int slot = any_slot(worker, 1);
	long result;

	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_CALL, address);
	if (result && result != -EFAULT && result != -EINVAL && result != -EINTR &&
	    !is_gone(result, slot))
		fail("CALL of %#llx: %ld", (long long)address, result);
	sweep_files(worker);
}

/* Whoever waits where everybody does is woken. */
static void wake_all(struct worker *worker)
{
	atomic_uint *word = &words[random_below(&worker->stream, WORDS)];
	struct sysdemo_call *call = worker->records;
	long result;

	*call = (struct sysdemo_call) {
		.nr = SYSDEMO_NR_WAKE, .args = { (uintptr_t)word, -1U }, .ret = UNTOUCHED,
	};
	atomic_fetch_xor(word, 1);
	result = do_ioctl(worker, atomic_load(&slots[0]), SYSDEMO_IOC_CALL, (uintptr_t)call);
	if (result || !check_ret(worker, call, 0, NULL, NULL))
		fail_call("waking all", call, result, 0);
}

/* Others read these while they are written. */
static void scribble(struct worker *worker)
{
	unsigned char *area = changing[random_below(&worker->stream, CHANGING)];
	volatile struct sysdemo_call *calls = (struct sysdemo_call *)area;
	struct sysdemo_call call;

	make_record(worker, &call, true);
	for (unsigned int i = random_below(&worker->stream, 20); i--;)
		calls[i] = call;
	calls += random_below(&worker->stream, HALF / sizeof(call));
	*calls = call;
	calls->flags = 0;
}

static void batch(struct worker *worker)
{
	struct sysdemo_batch *batch = (struct sysdemo_batch *)worker->in + 1024;
	bool own = random_once_in(&worker->stream, 2);
	struct sysdemo_batch sent = {
		.flags = random_once_in(&worker->stream, 16) ? any_flags(&worker->stream) :
			 random_below(&worker->stream, 2),
		.count = random_below(&worker->stream, random_once_in(&worker->stream, 8) ?
				      SYSDEMO_BATCH_MAX + 10 : 30),
		.done = -1U, .status = 1,
	};
	bool known = sent.count <= SYSDEMO_BATCH_MAX && !(sent.flags & ~SYSDEMO_BATCH_CONTINUE);
	struct sysdemo_call *calls = worker->records;
	int slot = any_slot(worker, 1), error;
	long result;

	if (own) {
		for (__u32 i = 0; i < sent.count && i < SYSDEMO_BATCH_MAX; i++)
			make_record(worker, &calls[i], true);
		sent.calls = (uintptr_t)calls;
	} else {
		sent.calls = any_address(&worker->stream, worker->out);
	}
	*batch = sent;
	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_BATCH, (uintptr_t)batch);
	count(&shared->tallies[BATCH], -result);
	if (is_gone(result, slot))
		return;
	error = -batch->status;
	if (result ? known || result != -EINVAL : !known)
		fail("BATCH of %u, flags %#x: %ld", sent.count, sent.flags, result);
	if (result)
		return;
	if (memcmp(batch, &sent, offsetof(struct sysdemo_batch, done)) ||
	    batch->done > sent.count || error < 0 || error >= ERRNOS ||
	    (!error && batch->done < sent.count) || (error == EINTR && !batch->done))
		fail("BATCH of %u, flags %#x: %u done, status %d", sent.count, sent.flags,
		     batch->done, batch->status);
	else
		count(&shared->tallies[STATUS], error);
	if (!own) {
		sweep_files(worker);
		return;
	}
	for (__u32 i = 0; i < sent.count; i++) {
		struct sysdemo_call *call = &calls[i];

		if (i >= batch->done) {
			if (call->ret != UNTOUCHED)
				fail_call("a result beyond those that are done", call, 0, slot);
		} else if (!check_ret(worker, call, slot, NULL, NULL)) {
			fail_call("a result in a batch that cannot be", call, 0, slot);
		} else {
			take_file(worker, call);
		}
	}
}

static void ask_for_table(struct worker *worker)
{
	struct sysdemo_table *told = (struct sysdemo_table *)worker->out;
	__u32 nr = any_number(worker);
	bool known = nr < table.count && table.known[nr];
	int slot = any_slot(worker, 0);
	long result;

	memset(told, 0x5a, sizeof(*told));
	told->nr = nr;
	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_TABLE, (uintptr_t)told);
	count(&shared->tallies[TABLE], -result);
	if (is_gone(result, slot))
		return;
	if (result != (known ? 0 : -ENOSYS) ||
	    (known && memcmp(told, &table.told[nr], sizeof(*told))))
		fail("TABLE of %u: %ld", nr, result);

	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_TABLE,
			  any_address(&worker->stream, worker->out));
	count(&shared->tallies[TABLE], -result);
	if (result && result != -EFAULT && result != -ENOSYS && !is_gone(result, slot))
		fail("TABLE: %ld", result);
}

static void ask_for_info(struct worker *worker)
{
	__u32 size = random_once_in(&worker->stream, 2) ? sizeof(struct sysdemo_info) :
		     random_below(&worker->stream, 1 << _IOC_SIZEBITS);
	unsigned int cmd = _IOC(_IOC_READ, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_INFO, size);
	struct sysdemo_info *info = (struct sysdemo_info *)worker->out;
	int slot = any_slot(worker, 0);
	long result;

	result = do_ioctl(worker, atomic_load(&slots[slot]), cmd, (uintptr_t)info);
	count(&shared->tallies[INFO], -result);
	if (is_gone(result, slot))
		return;
	if (result != (size < SYSDEMO_INFO_SIZE_VER0 ? -ENOTTY : 0) ||
	    (!result && (info->abi != SYSDEMO_ABI || info->calls != table.count ||
			 info->batch_max != SYSDEMO_BATCH_MAX || info->restricted > 1 ||
			 (!slot && info->restricted))))
		fail("INFO of %u bytes: %ld, ABI %u, %u calls", size, result, info->abi,
		     info->calls);

	result = do_ioctl(worker, atomic_load(&slots[slot]), cmd,
			  any_address(&worker->stream, worker->out));
	count(&shared->tallies[INFO], -result);
	if (result && result != -EFAULT && result != -ENOTTY && !is_gone(result, slot))
		fail("INFO: %ld", result);
}

static int open_device(struct worker *worker)
{
	static const int flags[] = {
		O_RDWR, O_RDWR | O_CLOEXEC, O_RDONLY, O_WRONLY | O_NONBLOCK, O_RDWR | O_APPEND,
		O_RDWR | O_NONBLOCK,
	};
	int fd = open(device, flags[random_below(&worker->stream, ARRAY_SIZE(flags))]);

	/* All numbers are those of files that nobody knows any more. */
	for (int tries = 0; fd < 0 && errno == EMFILE && tries < 100; tries++) {
		sweep_files(worker);
		fd = open(device, O_RDWR);
	}
	count(&shared->tallies[OPEN], fd < 0 ? errno : 0);
	if (fd < 0)
		fail("open: %s", strerror(errno));
	return fd;
}

/* Takes calls away from a device that is open for all to use, or is going to be. */
static void restrict_one(struct worker *worker)
{
	struct sysdemo_restrict *request = (struct sysdemo_restrict *)worker->in;
	bool fresh = random_once_in(&worker->stream, 2);
	struct sysdemo_call *call = worker->records;
	int slot = any_slot(worker, 1);
	int fd = fresh ? open_device(worker) : atomic_load(&slots[slot]);
	long result;

	for (int i = 0; i < SYSDEMO_RESTRICT_WORDS; i++)
		request->allowed[i] = random_next(&worker->stream);
	result = do_ioctl(worker, fd, SYSDEMO_IOC_RESTRICT, (uintptr_t)request);
	count(&shared->tallies[RESTRICT], -result);
	/* Who swept it away took it for a file that had the number before. */
	if (result && !is_gone(result, 1))
		fail("RESTRICT: %ld", result);
	if (!fresh || result)
		return;
	/* Who had this number before may restrict it as well: nothing is said of what is left. */
	for (__u32 nr = 0; nr < table.count; nr++) {
		if (request->allowed[nr / 64] >> nr % 64 & 1)
			continue;
		*call = (struct sysdemo_call) { .nr = nr };
		result = do_ioctl(worker, fd, SYSDEMO_IOC_CALL, (uintptr_t)call);
		if (is_gone(result, 1))
			return;
		if (result || call->ret != -EPERM)
			fail_call("a call that is not allowed", call, result, slot);
	}
	result = do_ioctl(worker, fd, SYSDEMO_IOC_RESTRICT, no_address(&worker->stream));
	count(&shared->tallies[RESTRICT], -result);
	if (result != -EFAULT && !is_gone(result, 1))
		fail("RESTRICT by what is not there: %ld", result);
	close(atomic_exchange(&slots[slot], fd));
}

static void replace_slot(struct worker *worker)
{
	int slot = any_slot(worker, 1), fd;

	if (random_once_in(&worker->stream, 3)) {
		fd = dup(atomic_load(&slots[any_slot(worker, 1)]));
		if (fd < 0) {
			if (errno != EBADF && errno != EMFILE)
				fail("dup: %s", strerror(errno));
			sweep_files(worker);
			return;
		}
	} else {
		fd = open_device(worker);
	}
	close(atomic_exchange(&slots[slot], fd));
}

/* Switches the log of a device on or off, for all who use it, or asks how it is. */
static void switch_log(struct worker *worker)
{
	static const __u32 switches[] = {
		SYSDEMO_LOG_ON, SYSDEMO_LOG_ON, SYSDEMO_LOG_OFF, 0,
		SYSDEMO_LOG_ON | SYSDEMO_LOG_OFF, 1U << 2,
	};
	struct sysdemo_log *log = (struct sysdemo_log *)worker->in;
	__u32 flags = switches[random_below(&worker->stream, ARRAY_SIZE(switches))];
	__u32 capacity = flags != SYSDEMO_LOG_ON && random_once_in(&worker->stream, 2) ? 0 :
			 random_below(&worker->stream, SYSDEMO_LOG_CAPACITY_MAX + 2);
	bool known = flags == SYSDEMO_LOG_ON ?
		     capacity && capacity <= SYSDEMO_LOG_CAPACITY_MAX :
		     flags <= SYSDEMO_LOG_OFF && !capacity;
	int slot = any_slot(worker, 0);
	long result;

	*log = (struct sysdemo_log) { .flags = flags, .capacity = capacity };
	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_LOG, (uintptr_t)log);
	count(&shared->tallies[LOG], -result);
	if (is_gone(result, slot))
		return;
	if (known ? result && (result != -EBUSY || flags != SYSDEMO_LOG_ON) : result != -EINVAL)
		fail("LOG %#x, capacity %u: %ld", flags, capacity, result);
	if (!result && ((flags && log->state != flags) || log->flags != flags ||
			log->room > SYSDEMO_LOG_CAPACITY_MAX ||
			(flags == SYSDEMO_LOG_ON && log->room != capacity)))
		fail("LOG %#x, capacity %u: it tells %#x, %u", flags, capacity, log->state,
		     log->room);

	result = do_ioctl(worker, atomic_load(&slots[slot]), SYSDEMO_IOC_LOG,
			  any_address(&worker->stream, worker->out));
	count(&shared->tallies[LOG], -result);
	if (result && result != -EFAULT && result != -EINVAL && result != -EBUSY &&
	    !is_gone(result, slot))
		fail("LOG: %ld", result);
}

/* Whether what was read of a log may have been in it. */
static bool are_records(const struct sysdemo_log_record *records, long count)
{
	for (long i = 0; i < count; i++) {
		bool known = records[i].nr < table.count && table.known[records[i].nr];
		__s64 ret = records[i].ret;

		/* One that another could not be given may come late, but none comes twice. */
		for (long j = 0; j < i; j++) {
			if (records[i].seq == records[j].seq)
				return false;
		}
		if (!known && ret != -ENOSYS && ret != -EPERM)
			return false;
		if (known && ret < 0 && ret > -ERRNOS && ret != -EPERM &&
		    records[i].nr != SYSDEMO_NR_SUM3 && records[i].nr != SYSDEMO_NR_SUM6 &&
		    !is_documented(records[i].nr, -ret))
			return false;
	}
	return true;
}

/* What system calls may say of a file of the tree, or of what has its number by now. */
static bool may_end_so(long result)
{
	switch (result) {
	/* Closed; open for something else; restricted; a directory; a device. */
	case -EBADF:
	case -EPERM:
	case -EISDIR:
	case -EINVAL:
	case -ESPIPE:
	/* There is no room for more. */
	case -EFBIG:
	case -EDQUOT:
	case -ENOSPC:
	case -EFAULT:
	/* A log is read, which is empty, or was until a signal came. */
	case -EAGAIN:
	case -ENODATA:
	case -EINTR:
		return true;
	default:
		return result >= 0;
	}
}

/*
 * To read the log of a device may be to wait. Who waits needs signals that end it: half of the
 * threads get them all the time, and children do not.
 */
static bool may_read_logs(const struct worker *worker)
{
	return !worker->child && !((worker - workers) % 2);
}

static void read_log(struct worker *worker)
{
	size_t size = random_below(&worker->stream, 8 * sizeof(struct sysdemo_log_record));
	bool own = random_once_in(&worker->stream, 2);
	__u64 to = own ? (uintptr_t)worker->out : any_address(&worker->stream, worker->out);
	int slot = random_once_in(&worker->stream, 2) ? 0 : any_slot(worker, 0);
	long result;

	if (!may_read_logs(worker))
		return;
	memset(worker->out, 0x5a, size + 1);
	result = syscall(SYS_read, atomic_load(&slots[slot]), (long)to, size);
	if (result < 0)
		result = -errno;
	count(&shared->tallies[READ], result < 0 ? -result : 0);
	if (result == -EAGAIN || result == -ENODATA || result == -EINTR)
		return;
	if (result == -EFAULT && !own)
		return;
	/* Of the first alone it is certain that no file of the tree has its number by now. */
	if (slot && may_end_so(result))
		return;
	if (size < sizeof(struct sysdemo_log_record) ? result != -EINVAL :
	    result <= 0 || result % sizeof(struct sysdemo_log_record) || result > (long)size)
		fail("read of %zu: %ld", size, result);
	else if (own && result > 0 &&
		 (!are_records((struct sysdemo_log_record *)worker->out,
			       result / sizeof(struct sysdemo_log_record)) ||
		  worker->out[result] != 0x5a))
		fail("read of %zu: records that cannot be", size);
}

static void poll_some(struct worker *worker)
{
	struct pollfd fds[3];
	int ready;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = (struct pollfd) {
			.fd = atomic_load(&slots[any_slot(worker, 0)]), .events = POLLIN,
		};
	ready = poll(fds, ARRAY_SIZE(fds), random_below(&worker->stream, 3));
	count(&shared->tallies[POLL], ready < 0 ? errno : 0);
	if (ready < 0 ? errno != EINTR : ready > (int)ARRAY_SIZE(fds))
		fail("poll: %d, %s", ready, strerror(errno));
	for (size_t i = 0; ready > 0 && i < ARRAY_SIZE(fds); i++) {
		if (fds[i].revents & ~(POLLIN | POLLHUP | POLLNVAL))
			fail("poll: events %#x", fds[i].revents);
	}
}

static void unknown_command(struct worker *worker)
{
	int slot = any_slot(worker, 0);
	unsigned int cmd = random_next(&worker->stream);
	long result;

	/* Of its own type, but of a number that it has not; or of none of its own. */
	if (random_once_in(&worker->stream, 2))
		cmd = _IOC(cmd >> _IOC_DIRSHIFT, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_LOG + 1,
			   cmd & _IOC_SIZEMASK);
	else
		cmd = _IOC(cmd >> _IOC_DIRSHIFT, '}', cmd & _IOC_NRMASK, cmd >> 4 & _IOC_SIZEMASK);
	result = do_ioctl(worker, atomic_load(&slots[slot]), cmd, (uintptr_t)worker->in);
	count(&shared->tallies[UNKNOWN], -result);
	if (result != -ENOTTY && !is_gone(result, slot))
		fail("command %#x: %ld", cmd, result);
}

/* Something with a file of the tree, as any program does it. */
static void use_file(struct worker *worker)
{
	struct stream *stream = &worker->stream;
	int fd = atomic_load(&files[random_below(stream, FILES)]), what, other;
	size_t size = random_below(stream, 3 * PAGE);
	off_t offset = random_below(stream, 8 * PAGE);
	void *memory = random_once_in(stream, 4) ?
		       (void *)(uintptr_t)any_address(stream, worker->out) : worker->out;
	struct stat stat;
	long result;

	switch (random_below(stream, 9)) {
	case 0 ... 1:
		what = FILE_READ;
		result = pread(fd, memory, size, offset);
		break;
	case 2:
		/* By the position that they share. A device may get the number in between. */
		what = FILE_READ;
		result = may_read_logs(worker) && is_of_the_tree(fd) ? read(fd, memory, size) : 0;
		break;
	case 3 ... 4:
		what = FILE_WRITE;
		result = pwrite(fd, memory, size, offset);
		break;
	case 5:
		what = FILE_SEEK;
		result = lseek(fd, offset, random_below(stream, 3));
		break;
	case 6:
		what = FILE_TRUNCATE;
		result = ftruncate(fd, offset);
		break;
	case 7:
		what = FILE_STAT;
		result = fstat(fd, &stat);
		break;
	default:
		what = FILE_SEND;
		other = atomic_load(&files[random_below(stream, FILES)]);
		result = sendfile(other, fd, &offset, size);
	}
	result = result < 0 ? -errno : result;
	count(&shared->tallies[what], result < 0 ? -result : 0);
	if (!may_end_so(result))
		fail("%s: %s", shared->tallies[what].name, strerror(-result));
}

/* How a child ends. */
enum { EXITS, EXECUTES, IS_KILLED, ENDS };

static void fork_one(struct worker *worker, int end);

static void do_one(struct worker *worker)
{
	switch (random_below(&worker->stream, 100)) {
	case 0 ... 34:
		call_from_own_record(worker);
		break;
	case 35 ... 41:
		use_file(worker);
		break;
	case 42 ... 44:
		switch_log(worker);
		break;
	case 45 ... 47:
		read_log(worker);
		break;
	case 48 ... 49:
		poll_some(worker);
		break;
	case 50 ... 59:
		call_from_any_record(worker);
		break;
	case 60 ... 69:
		batch(worker);
		break;
	case 70 ... 73:
		ask_for_table(worker);
		break;
	case 74 ... 77:
		ask_for_info(worker);
		break;
	case 78 ... 79:
		restrict_one(worker);
		break;
	case 80 ... 85:
		replace_slot(worker);
		break;
	case 86 ... 91:
		change_fleeting(&worker->stream);
		break;
	case 92 ... 93:
		scribble(worker);
		break;
	case 94 ... 95:
		wake_all(worker);
		break;
	case 96 ... 98:
		unknown_command(worker);
		break;
	default:
		/* Rarely: in a debug kernel it takes as long as hundreds of the others. */
		if (!worker->child && random_once_in(&worker->stream, 8))
			fork_one(worker, random_below(&worker->stream, ENDS));
	}
}

/*
 * With a stream of its own: how many numbers an operation takes depends on what others do, and the
 * next one shall be the same nevertheless.
 */
static void do_something(struct worker *worker)
{
	struct stream own = { .state = random_next(&worker->stream) };
	struct stream rest = worker->stream;

	worker->stream = own;
	do_one(worker);
	worker->stream = rest;
}

/* No function of a C library that might wait for a thread which is not there in the child. */
static void be_a_child(struct worker *worker, int end)
{
	char number[16], path[64], text[256];
	char * const arguments[] = { "stress", "--child", number, NULL };
	char * const environment[] = { NULL };
	static const struct itimerval often = { { .tv_usec = 20000 }, { .tv_usec = 20000 } };
	static const struct itimerval never;
	struct stream *stream = &worker->stream;
	int slot;

	worker->child = true;
	/* Nobody wakes it, nor sends signals, but this. */
	if (setitimer(ITIMER_REAL, &often, NULL))
		fail("setitimer: %s", strerror(errno));
	switch (random_below(stream, 4)) {
	case 0:
		worker->humble = true;
		if (syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
			fail("setresuid: %s", strerror(errno));
		break;
	case 1:
		worker->humble = true;
		if (unshare(CLONE_NEWUSER))
			fail("unshare: %s", strerror(errno));
		break;
	}
	for (int i = random_below(stream, 20); i >= 0 && !atomic_load(&shared->stop); i--)
		do_something(worker);
	slot = any_slot(worker, 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", atomic_load(&slots[slot]));
	if ((read_file(path, text, sizeof(text)) < 0 || !strstr(text, "sysdemo-calls:\t")) && !slot)
		fail("%s tells nothing", path);
	snprintf(number, sizeof(number), "%d", atomic_load(&slots[any_slot(worker, 0)]));
	/* It would survive that; the handler does not. */
	if (setitimer(ITIMER_REAL, &never, NULL))
		fail("setitimer: %s", strerror(errno));
	if (end == EXECUTES)
		execve("/proc/self/exe", arguments, environment);
	else if (end == IS_KILLED)
		kill(getpid(), SIGKILL);
	_exit(end != EXITS);
}

static void fork_one(struct worker *worker, int end)
{
	__u64 state = random_next(&worker->stream);
	pid_t child = fork();
	int status;

	if (!child) {
		worker->stream.state = state;
		be_a_child(worker, end);
	}
	count(&shared->tallies[FORK], child < 0 ? errno : 0);
	if (child < 0) {
		fail("fork: %s", strerror(errno));
		return;
	}
	while (waitpid(child, &status, 0) != child)
		;
	if (end == EXECUTES)
		count(&shared->tallies[EXEC], WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	if (end == IS_KILLED ? status != SIGKILL : status)
		fail("a child ended with status %#x instead of in way %d", status, end);
}

/* What a child executes: the device is open or, as it was to be, is not. */
static int be_executed(const char *number)
{
	int fd = atoi(number);
	struct sysdemo_call call = { .nr = SYSDEMO_NR_GETPID };

	if (ioctl(fd, SYSDEMO_IOC_CALL, &call))
		return errno == EBADF || errno == ENOTTY ? 0 : errno;
	return call.ret == getpid() || call.ret == -EPERM ? 0 : 1;
}

/* In the middle of whatever the thread was doing, a call of its own. */
static void handle_signal(int number)
{
	struct sysdemo_call call = { .nr = SYSDEMO_NR_NULL, .ret = UNTOUCHED };
	int saved = errno;

	(void)number;
	if (self_worker) {
		if (ioctl(atomic_load(&slots[0]), SYSDEMO_IOC_CALL, &call) || call.ret)
			fail_call("in a signal's handler", &call, -errno, 0);
		atomic_fetch_add(&self_worker->signals, 1);
	}
	errno = saved;
}

/* A signal to this thread again and again; whether it restarts system calls depends. */
static int start_timer(struct worker *worker, timer_t *timer)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = (worker - workers) % 2 ? SIGUSR1 : SIGUSR2,
	};
	/* 5 to 25 ms: in a slow machine there has to be time for something else. */
	long period = 5000000 + random_below(&worker->stream, 20000000);
	struct itimerspec time = {
		.it_value.tv_nsec = period, .it_interval.tv_nsec = period,
	};

	event.sigev_notify_thread_id = gettid();
	return timer_create(CLOCK_MONOTONIC, &event, timer) ||
	       timer_settime(*timer, 0, &time, NULL);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	timer_t timer;

	self_worker = worker;
	atomic_store(&worker->tid, gettid());
	if (start_timer(worker, &timer))
		fail("a timer: %s", strerror(errno));
	/* Each thread has a child soon, so that also a short test has all kinds. */
	for (int i = 0; i < 10; i++)
		do_something(worker);
	fork_one(worker, (worker - workers) % ENDS);
	while (!atomic_load(&shared->stop)) {
		do_something(worker);
		atomic_fetch_add(&worker->done, 1);
	}
	atomic_store(&worker->tid, 0);
	timer_delete(timer);
	return NULL;
}

static int start_workers(void *(*function)(void *))
{
	for (int i = 0; i < WORKERS; i++) {
		struct worker *worker = &workers[i];

		worker->stream.state = seed + i;
		worker->in = make_area();
		worker->out = make_area();
		worker->records = (struct sysdemo_call *)make_area();
		if (!worker->in || !worker->out || !worker->records ||
		    pthread_create(&worker->thread, NULL, function, worker))
			return -1;
	}
	return 0;
}

static void stop_workers(void)
{
	struct timespec end;

	atomic_store(&shared->stop, true);
	for (int i = 0; i < WORKERS; i++) {
		double patience = now() + PATIENCE;

		do {
			int tid = atomic_load(&workers[i].tid);

			if (now() > patience) {
				fail("thread %d does not end", i);
				return;
			}
			/* It may wait for somebody who has ended. */
			if (tid)
				syscall(SYS_tgkill, getpid(), tid, SIGUSR2);
			clock_gettime(CLOCK_REALTIME, &end);
			end.tv_nsec += 50000000;
			end.tv_sec += end.tv_nsec / 1000000000;
			end.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(workers[i].thread, NULL, &end));
	}
}

static void show_seed(void)
{
	ksft_print_msg("seed %#llx, %.1f s: the same again with --seed %#llx --seconds %.1f\n",
		       (long long)seed, seconds, (long long)seed, seconds);
}

static int open_module(void)
{
	struct utsname name;
	char path[256];

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/sysdemo.ko", name.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int load(int module)
{
	int error = syscall(SYS_finit_module, module, "", 0) ? errno : 0;

	count(&shared->tallies[LOAD], error);
	return error;
}

static int unload(void)
{
	int error = syscall(SYS_delete_module, "sysdemo", O_NONBLOCK) ? errno : 0;

	count(&shared->tallies[UNLOAD], error);
	return error;
}

FIXTURE(stress) {
	int module;
};

/* What a stress test proves is worth something only if all has been done. NULL, or what has not. */
static const char *what_is_missing(void)
{
	for (int i = 0; i < WORKERS; i++) {
		if (!atomic_load(&workers[i].done) || !atomic_load(&workers[i].signals))
			return "one of the threads";
	}
	for (__u32 nr = 0; nr < table.count; nr++) {
		if (table.known[nr] && !counted(&shared->tallies[nr], 0))
			return table.told[nr].name;
	}
	for (int i = BATCH; i <= EXEC; i++) {
		if (!counted(&shared->tallies[i], i == UNKNOWN ? ENOTTY : 0))
			return shared->tallies[i].name;
	}
	if (!counted(&shared->tallies[LOAD], EEXIST))
		return shared->tallies[LOAD].name;
	if (!counted(&shared->tallies[UNLOAD], EWOULDBLOCK))
		return shared->tallies[UNLOAD].name;
	return NULL;
}

FIXTURE_SETUP(stress)
{
	struct sigaction action = { .sa_handler = handle_signal };

	ASSERT_EQ(0, make_shared());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		shared->tallies[NO_CALL + i].name = names[i];
	ASSERT_EQ(0, sigaction(SIGUSR2, &action, NULL));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	action.sa_flags = SA_RESTART;
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	self->module = open_module();
	ASSERT_LE(0, self->module);
	show_seed();
}

FIXTURE_TEARDOWN(stress)
{
	show_tallies();
	close(self->module);
}

TEST_F_TIMEOUT(stress, everything_at_once, NO_TIMEOUT)
{
	const struct rlimit few = { MOST_FILES, MOST_FILES };
	double end = now() + seconds * 2 / 3;
	struct stream stream = { .state = seed - 1 };
	struct stat stat;
	const char *wrong;

	for (int i = 0; i < SLOTS; i++) {
		slots[i] = open(device, O_RDWR);
		ASSERT_LE(0, slots[i]);
	}
	wrong = learn_calls(slots[0]);
	ASSERT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	ASSERT_EQ(0, make_areas());
	ASSERT_EQ(0, clear_tree(slots[0]));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	for (int i = 0; i < FILES; i++) {
		files[i] = open_in_tree(slots[0], "a-file", O_RDWR | O_CREAT, 0666);
		ASSERT_LE(0, files[i]);
	}
	ASSERT_EQ(0, fstat(files[0], &stat));
	tree_device = stat.st_dev;
	ASSERT_EQ(0, start_workers(work));
	while (!atomic_load(&shared->stop) &&
	       (now() < end || (now() < end + PATIENCE && what_is_missing()))) {
		int tid = atomic_load(&workers[random_below(&stream, WORKERS)].tid);

		if (tid)
			syscall(SYS_tgkill, getpid(), tid,
				random_once_in(&stream, 2) ? SIGUSR1 : SIGUSR2);
		/* The device is open: whatever happens elsewhere, the module stays. */
		if (random_once_in(&stream, 4)) {
			int error = unload();

			if (error != EWOULDBLOCK)
				fail("unloading while the device is open: %s",
				     error ? strerror(error) : "done");
		}
		if (random_once_in(&stream, 64)) {
			int error = load(self->module);

			if (error != EEXIST)
				fail("loading what is there: %s",
				     error ? strerror(error) : "done");
		}
		pause_for(0.01);
	}
	stop_workers();
	for (int i = 0; i < WORKERS; i++) {
		ksft_print_msg("thread %d: %u things done, %u signals\n", i, workers[i].done,
			       workers[i].signals);
	}
	EXPECT_FALSE(atomic_load(&shared->told))
		TH_LOG("%s", shared->failure);
	wrong = what_is_missing();
	EXPECT_EQ(NULL, wrong)
		TH_LOG("not done in all that time: %s", wrong);
	EXPECT_EQ(0, clear_tree(slots[0]));
	for (int i = 0; i < SLOTS; i++)
		close(slots[i]);
}

/*
 * Goes up when a device has been opened, and again before it is closed: while it is the same odd
 * number, the device has been open all the time.
 */
static atomic_uint held;

/* Opens the device if it is there, uses it and closes it. */
static void *come_and_go(void *arg)
{
	struct worker *worker = arg;

	while (!atomic_load(&shared->stop)) {
		bool holds = worker == workers;
		struct sysdemo_log_record record;
		struct sysdemo_info info;
		int fd = open(device, O_RDWR | O_CLOEXEC);

		atomic_fetch_add(&worker->done, 1);
		count(&shared->tallies[OPEN], fd < 0 ? errno : 0);
		/* ENODEV: the name is still there, the device is just going. */
		if (fd < 0) {
			if (errno != ENOENT && errno != ENXIO && errno != ENODEV)
				fail("open: %s", strerror(errno));
			sched_yield();
			continue;
		}
		if (holds)
			atomic_fetch_add(&held, 1);
		if (sysdemo_log(fd, SYSDEMO_LOG_ON, 1, NULL) ||
		    sysdemo_null(fd) || sysdemo_getpid(fd) != getpid() ||
		    ioctl(fd, SYSDEMO_IOC_INFO, &info) || info.calls_made != 2 ||
		    sysdemo_read_log(fd, &record, 1) != 1 || record.ret != getpid())
			fail("what is open cannot be used");
		if (random_once_in(&worker->stream, 4))
			usleep(random_below(&worker->stream, 20000));
		if (holds)
			atomic_fetch_add(&held, 1);
		close(fd);
		/* Somebody has to find it closed. */
		usleep(random_below(&worker->stream, 20000));
	}
	return NULL;
}

static bool is_anything_missing(void)
{
	for (int i = 0; i < WORKERS; i++) {
		if (!atomic_load(&workers[i].done))
			return true;
	}
	return !counted(&shared->tallies[UNLOAD], 0) ||
	       !counted(&shared->tallies[UNLOAD], EWOULDBLOCK) ||
	       !counted(&shared->tallies[OPEN], 0) || !counted(&shared->tallies[OPEN], ENOENT);
}

TEST_F_TIMEOUT(stress, unloading_while_others_open, NO_TIMEOUT)
{
	double end = now() + seconds / 3;
	struct stream stream = { .state = seed - 1 };

	ASSERT_EQ(0, start_workers(come_and_go));
	while (!atomic_load(&shared->stop) &&
	       (now() < end || (now() < end + PATIENCE && is_anything_missing()))) {
		unsigned int before = atomic_load(&held);
		int error = unload();

		if (!error && before % 2 && atomic_load(&held) == before)
			fail("the module is unloaded while the device is open");
		if (error && error != EWOULDBLOCK)
			fail("unload: %s", strerror(error));
		if (error) {
			/* Somebody has to close it. */
			usleep(random_below(&stream, 2000));
			continue;
		}
		usleep(random_below(&stream, 10000));
		error = load(self->module);
		if (error)
			fail("load: %s", strerror(error));
	}
	stop_workers();
	EXPECT_FALSE(atomic_load(&shared->told))
		TH_LOG("%s", shared->failure);
	EXPECT_FALSE(is_anything_missing());
	/* For those who come next. */
	EXPECT_TRUE(!access(device, F_OK));
}

/* Takes a word and its value out of the arguments; NULL if it is not there. */
static const char *take_option(int *argc, char **argv, const char *word)
{
	for (int i = 1; i < *argc - 1; i++) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], word))
			continue;
		*argc -= 2;
		memmove(argv + i, argv + i + 2, (*argc - i + 1) * sizeof(*argv));
		return value;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *child = take_option(&argc, argv, "--child");
	const char *time = take_option(&argc, argv, "--seconds");
	const char *number = take_option(&argc, argv, "--seed");
	struct timespec start;

	if (child)
		return be_executed(child);
	clock_gettime(CLOCK_REALTIME, &start);
	seed = number ? strtoull(number, NULL, 0) : start.tv_sec * 1000000000ULL + start.tv_nsec;
	if (time)
		seconds = atof(time);
	else if (getenv("stress_seconds"))
		seconds = atof(getenv("stress_seconds")) / 4;
	if (argc > 1 && argv[1][0] != '-') {
		device = argv[1];
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	return test_harness_run(argc, argv);
}
