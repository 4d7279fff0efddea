// SPDX-License-Identifier: GPL-2.0
/*
 * Every place where the module touches the caller's memory, times everything that can be wrong with
 * a pointer; and every structure that grows, times sizes, alignments and tails, as openat2's
 * selftest has it, and compared with openat2 itself.
 *
 * A row is a place, a column is a defect; each pair is a result of its own.
 */
#include "tester.h"

#include <limits.h>
#include <stdint.h>

static int fd;
/* The first pass counts the results for the plan, the second one has them. */
static bool counting;
static unsigned int planned;

static void result(bool passed, const char *format, ...)
{
	char name[256];
	va_list list;

	planned++;
	if (counting)
		return;
	va_start(list, format);
	vsnprintf(name, sizeof(name), format, list);
	va_end(list);
	ksft_test_result(passed, "%s\n", name);
}

/* Calls give -1 and errno; what is compared is 0 or that errno. */
static int error_of(__s64 ret)
{
	return ret < 0 ? errno : 0;
}

/* Memory that a place reads or writes, for when it is another pointer that is bad. */
static char good[8192];

static int at_call(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_CALL, p));
}

static int at_batch(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_BATCH, p));
}

static int at_batch_calls(void *p)
{
	int status = 1;
	int done = sysdemo_batch(fd, p, 1, 0, &status);

	return done < 0 ? errno : done == 0 ? -status : 0;
}

static int at_table(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_TABLE, p));
}

static int at_info(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_INFO, p));
}

static int at_restrict(void *p)
{
	int other = sysdemo_open(device);
	int error = error_of(ioctl(other, SYSDEMO_IOC_RESTRICT, p));

	close(other);
	return error;
}

static int at_log(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_LOG, p));
}

static int at_ring(void *p)
{
	return error_of(ioctl(fd, SYSDEMO_IOC_RING, p));
}

/* The twin in C has none. */
static bool has_rings(void)
{
	struct sysdemo_info info = { 0 };

	return !ioctl(fd, SYSDEMO_IOC_INFO, &info) && info.features & SYSDEMO_FEATURE_RING;
}

static int at_log_record(void *p)
{
	int error;

	sysdemo_log(fd, SYSDEMO_LOG_ON, 1, NULL);
	sysdemo_null(fd);
	error = error_of(read(fd, p, sizeof(struct sysdemo_log_record)));
	/* There is always one to be read: whether it waits is not what is asked. */
	sysdemo_log(fd, SYSDEMO_LOG_OFF, 0, NULL);
	return error;
}

static int at_echo_dst(void *p)
{
	return error_of(sysdemo_echo(fd, p, good, 64, 0));
}

static int at_echo_src(void *p)
{
	return error_of(sysdemo_echo(fd, good, p, 64, 0));
}

static int at_fill_how(void *p)
{
	return error_of(sysdemo_fill(fd, p, sizeof(struct sysdemo_fill)));
}

static int at_fill_dst(void *p)
{
	struct sysdemo_fill how = { .dst = (uintptr_t)p, .len = 64 };

	return error_of(sysdemo_fill(fd, &how, sizeof(how)));
}

static int at_identity(void *p)
{
	return error_of(sysdemo_identity(fd, p, sizeof(struct sysdemo_identity)));
}

static int at_set_label(void *p)
{
	return error_of(sysdemo_set_label(fd, SYSDEMO_LABEL_SESSION, p));
}

static int at_get_label(void *p)
{
	/* The seven bytes that are written: this and a zero. */
	sysdemo_set_label(fd, SYSDEMO_LABEL_SESSION, "matrix");
	return error_of(sysdemo_get_label(fd, SYSDEMO_LABEL_SESSION, p, 64));
}

static int at_regs(void *p)
{
	return error_of(sysdemo_regs(fd, p, sizeof(struct sysdemo_regs)));
}

static int at_entry(void *p)
{
	return error_of(sysdemo_entry(fd, p, sizeof(struct sysdemo_entry)));
}

static int at_sleep(void *p)
{
	return error_of(sysdemo_sleep(fd, p, sizeof(struct sysdemo_time)));
}

/* What a wait is for, if it is its time that is bad: a word that has another value than that. */
static int at_wait_time(void *p)
{
	static const __u32 word = 1;
	int error = error_of(sysdemo_wait(fd, &word, 0, p, sizeof(struct sysdemo_time)));

	return error == EAGAIN ? 0 : error;
}

/* Zeros are an empty path: that it is found to be one is what is asked for. */
static int unless_empty(__s64 ret)
{
	int error = error_of(ret);

	return error == ENOENT ? 0 : error;
}

/* A directory with one file, which has more bytes than are ever asked for, and is open. */
#define FOLDER "matrix"
#define INSIDE "matrix/x"
static int file;

static int open_inside(__u64 flags)
{
	struct sysdemo_open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0600 : 0 };

	return sysdemo_open_file(fd, INSIDE, &how, sizeof(how));
}

static int make_folder(void)
{
	if (sysdemo_mkdir(fd, FOLDER, 0700) && errno != EEXIST)
		return -1;
	file = open_inside(O_RDWR | O_CREAT | O_CLOEXEC);
	return file < 0 || write(file, good, sizeof(good)) != sizeof(good) ? -1 : 0;
}

static int remove_folder(void)
{
	return close(file) || sysdemo_unlink(fd, INSIDE) || sysdemo_rmdir(fd, FOLDER) ? -1 : 0;
}

static int at_open_path(void *p)
{
	struct sysdemo_open_how how = { .flags = O_RDONLY };

	return unless_empty(sysdemo_open_file(fd, p, &how, sizeof(how)));
}

static int at_open_how(void *p)
{
	int opened = sysdemo_open_file(fd, "/", p, sizeof(struct sysdemo_open_how));

	return opened < 0 ? errno : close(opened);
}

static int at_mkdir(void *p)
{
	return unless_empty(sysdemo_mkdir(fd, p, 0700));
}

static int at_unlink(void *p)
{
	return unless_empty(sysdemo_unlink(fd, p));
}

static int at_rmdir(void *p)
{
	return unless_empty(sysdemo_rmdir(fd, p));
}

static int at_stat_path(void *p)
{
	return unless_empty(sysdemo_stat(fd, p, (void *)good, sizeof(struct sysdemo_stat)));
}

static int at_stat_out(void *p)
{
	return error_of(sysdemo_stat(fd, "/", p, sizeof(struct sysdemo_stat)));
}

static int at_list_path(void *p)
{
	return unless_empty(sysdemo_list(fd, p, good, sizeof(good), 0));
}

static int at_list_buffer(void *p)
{
	return error_of(sysdemo_list(fd, FOLDER, p, 4096, 0));
}

/* Less than all is what there is of the memory. */
static int unless_partial(__s64 ret)
{
	return ret == 64 ? 0 : ret < 0 ? errno : EFAULT;
}

static int at_read(void *p)
{
	lseek(file, 0, SEEK_SET);
	return unless_partial(sysdemo_read(fd, file, p, 64));
}

static int at_write(void *p)
{
	lseek(file, 0, SEEK_SET);
	return unless_partial(sysdemo_write(fd, file, p, 64));
}

static int at_facts(void *p)
{
	return error_of(sysdemo_facts(fd, p, sizeof(struct sysdemo_facts)));
}

/* What is read until it ends is a string: without an end it runs into what is not there. */
enum { READS = 1, WRITES = 2, STRING = 4 };

static const struct place {
	const char *name;
	int (*try)(void *pointer);
	/* How many bytes are touched, so that all but one of them can be there. */
	size_t size;
	int access;
} places[] = {
	{ "CALL", at_call, sizeof(struct sysdemo_call), READS | WRITES },
	{ "BATCH", at_batch, sizeof(struct sysdemo_batch), READS | WRITES },
	{ "BATCH.calls", at_batch_calls, sizeof(struct sysdemo_call), READS | WRITES },
	{ "TABLE", at_table, sizeof(struct sysdemo_table), READS | WRITES },
	{ "INFO", at_info, sizeof(struct sysdemo_info), WRITES },
	{ "RESTRICT", at_restrict, sizeof(struct sysdemo_restrict), READS },
	{ "LOG", at_log, sizeof(struct sysdemo_log), READS | WRITES },
	{ "RING", at_ring, sizeof(struct sysdemo_ring), READS | WRITES },
	{ "log record", at_log_record, sizeof(struct sysdemo_log_record), WRITES },
	{ "echo.dst", at_echo_dst, 64, WRITES },
	{ "echo.src", at_echo_src, 64, READS },
	{ "fill.how", at_fill_how, sizeof(struct sysdemo_fill), READS },
	{ "fill.dst", at_fill_dst, 64, WRITES },
	{ "identity.out", at_identity, sizeof(struct sysdemo_identity), WRITES },
	{ "set_label.string", at_set_label, 64, READS | STRING },
	{ "get_label.buffer", at_get_label, 7, WRITES },
	{ "regs.out", at_regs, sizeof(struct sysdemo_regs), WRITES },
	{ "entry.out", at_entry, sizeof(struct sysdemo_entry), WRITES },
	{ "sleep.time", at_sleep, sizeof(struct sysdemo_time), READS },
	{ "wait.time", at_wait_time, sizeof(struct sysdemo_time), READS },
	{ "open.path", at_open_path, 64, READS | STRING },
	{ "open.how", at_open_how, sizeof(struct sysdemo_open_how), READS },
	{ "mkdir.path", at_mkdir, 64, READS | STRING },
	{ "unlink.path", at_unlink, 64, READS | STRING },
	{ "rmdir.path", at_rmdir, 64, READS | STRING },
	{ "stat.path", at_stat_path, 64, READS | STRING },
	{ "stat.out", at_stat_out, sizeof(struct sysdemo_stat), WRITES },
	{ "list.path", at_list_path, 64, READS | STRING },
	/* The name of one letter takes as much as a word. */
	{ "list.buffer", at_list_buffer, sizeof(struct sysdemo_dirent) + 8, WRITES },
	{ "read.buffer", at_read, 64, WRITES },
	{ "write.buffer", at_write, 64, READS },
	{ "facts.out", at_facts, sizeof(struct sysdemo_facts), WRITES },
};

static const struct address {
	const char *name;
	uintptr_t value;
} addresses[] = {
	{ "NULL", 0 },
	{ "one", 1 },
	{ "page zero", 0x800 },
	{ "all ones", UINTPTR_MAX },
	{ "last page", UINTPTR_MAX - 4095 },
#ifdef __x86_64__
	{ "end of user space", 0x00007fffffffeff0 },
	{ "past user space", 0x00007ffffffff000 },
	{ "non-canonical", 0x0000800000000000 },
	{ "non-canonical, negative", 0xfffe000000000000 },
	{ "kernel's direct map", 0xffff888000001000 },
	{ "kernel's text", 0xffffffff81000000 },
	{ "vsyscall page", 0xffffffffff600000 },
#else
	{ "past user space", 0xffffe000 },
#endif
};

/* Memory: an unreadable page, two pages that are there, an unreadable page. */
static char *start, *end;
static size_t page;

/* Fills the good pages with what every place takes: zeros, and a string that ends. */
static void reset(void)
{
	memset(start, 0, end - start);
}

static void bad_pointers(const struct place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		result(counting || place->try((void *)addresses[i].value) == EFAULT,
		       "%s: %s is EFAULT", place->name, addresses[i].name);
	}
	result(counting || place->try(start - page) == EFAULT, "%s: unreadable is EFAULT",
	       place->name);
	result(counting || place->try(start - 1) == EFAULT,
	       "%s: first byte missing is EFAULT", place->name);

	if (!counting) {
		reset();
		/* A string that ends within the page would be whole. */
		memset(end - page, 'x', page);
		if (!(place->access & STRING))
			memset(end - page, 0, page);
	}
	result(counting || place->try(end - place->size + 1) == EFAULT,
	       "%s: last byte missing is EFAULT", place->name);
	if (!counting)
		reset();
	result(counting || place->try(end - place->size) == 0,
	       "%s: up to the last byte is fine", place->name);

	if (place->access & WRITES) {
		bool fine;

		if (!counting) {
			reset();
			mprotect(start, end - start, PROT_READ);
		}
		fine = counting || place->try(start) == EFAULT;
		if (!counting)
			mprotect(start, end - start, PROT_READ | PROT_WRITE);
		result(fine, "%s: read-only is EFAULT", place->name);
	}
}

static void misaligned_pointers(const struct place *place)
{
	for (size_t offset = 1; offset < 8; offset++) {
		if (!counting)
			reset();
		result(counting || place->try(start + offset) == 0, "%s: misaligned by %zu is fine",
		       place->name, offset);
	}
	/* Across the border of two pages, which need not lie side by side in memory. */
	for (size_t before = 1; before < place->size; before *= 3) {
		if (!counting)
			reset();
		result(counting || place->try(start + page - before) == 0,
		       "%s: %zu bytes before a page's end is fine", place->name, before);
	}
}

/* What grows: a structure of which the caller says how much it knows. */
static const struct growing {
	const char *name;
	/* Size in the first version, and in that of the header. */
	size_t oldest, known;
	/* What a size below the first version's gives. */
	int too_small;
	/* The largest size that the kernel takes, and what a larger one gives. */
	size_t largest;
	bool in;
	int (*try)(void *pointer, size_t size);
} growing[];

static int grow_fill(void *p, size_t size)
{
	return error_of(sysdemo_fill(fd, p, size));
}

static int grow_identity(void *p, size_t size)
{
	return error_of(sysdemo_identity(fd, p, size));
}

static int grow_regs(void *p, size_t size)
{
	return error_of(sysdemo_regs(fd, p, size));
}

static int grow_entry(void *p, size_t size)
{
	return error_of(sysdemo_entry(fd, p, size));
}

static int grow_sleep(void *p, size_t size)
{
	return error_of(sysdemo_sleep(fd, p, size));
}

static int grow_wait(void *p, size_t size)
{
	static const __u32 word = 1;
	int error = error_of(sysdemo_wait(fd, &word, 0, p, size));

	return error == EAGAIN ? 0 : error;
}

static int grow_open(void *p, size_t size)
{
	int opened = sysdemo_open_file(fd, "/", p, size);

	return opened < 0 ? errno : close(opened);
}

static int grow_stat(void *p, size_t size)
{
	return error_of(sysdemo_stat(fd, "/", p, size));
}

static int grow_facts(void *p, size_t size)
{
	return error_of(sysdemo_facts(fd, p, size));
}

static int grow_info(void *p, size_t size)
{
	return error_of(ioctl(fd, _IOC(_IOC_READ, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_INFO, size), p));
}

static const struct growing growing[] = {
	{ "fill", SYSDEMO_FILL_SIZE_VER0, sizeof(struct sysdemo_fill), EINVAL, 4096, true,
	  grow_fill },
	{ "identity", SYSDEMO_IDENTITY_SIZE_VER0, sizeof(struct sysdemo_identity), EINVAL, 4096,
	  false, grow_identity },
	{ "regs", SYSDEMO_REGS_SIZE_VER0, sizeof(struct sysdemo_regs), EINVAL, 4096, false,
	  grow_regs },
	{ "entry", SYSDEMO_ENTRY_SIZE_VER0, sizeof(struct sysdemo_entry), EINVAL, 4096, false,
	  grow_entry },
	{ "sleep", SYSDEMO_TIME_SIZE_VER0, sizeof(struct sysdemo_time), EINVAL, 4096, true,
	  grow_sleep },
	{ "wait", SYSDEMO_TIME_SIZE_VER0, sizeof(struct sysdemo_time), EINVAL, 4096, true,
	  grow_wait },
	{ "open", SYSDEMO_OPEN_HOW_SIZE_VER0, sizeof(struct sysdemo_open_how), EINVAL, 4096, true,
	  grow_open },
	{ "stat", SYSDEMO_STAT_SIZE_VER0, sizeof(struct sysdemo_stat), EINVAL, 4096, false,
	  grow_stat },
	{ "facts", SYSDEMO_FACTS_SIZE_VER0, sizeof(struct sysdemo_facts), EINVAL, 4096, false,
	  grow_facts },
	{ "INFO", SYSDEMO_INFO_SIZE_VER0, sizeof(struct sysdemo_info), ENOTTY, 8191, false,
	  grow_info },
};

/* Whether memory is what it was filled with, from one place to another. */
static bool untouched(const char *from, const char *to, char byte)
{
	/* All bytes are the same if each is as the next. */
	return from >= to || (*from == byte && !memcmp(from, from + 1, to - from - 1));
}

/* One structure at one size and alignment: its error, and not a byte outside of it. */
static bool fits(const struct growing *g, size_t size, size_t offset, int expected)
{
	char *p = start + offset;
	bool zero_tail = true;
	int error;

	memset(start, 0xa5, end - start);
	if (g->in && size <= (size_t)(end - p))
		memset(p, 0, size);
	error = g->try(p, size);
	if (error != expected) {
		ksft_print_msg("%s: size %zu, offset %zu: errno %d\n", g->name, size, offset,
			       error);
		return false;
	}
	if (g->in)
		return true;
	if (expected)
		return untouched(start, end, 0xa5);
	/* Something has been written. */
	if (untouched(p, p + g->oldest, 0xa5))
		return false;
	if (size > g->known)
		zero_tail = untouched(p + g->known, p + size, 0);
	return zero_tail && untouched(start, p, 0xa5) && untouched(p + size, end, 0xa5);
}

static void sizes(const struct growing *g)
{
	const size_t list[] = {
		0, 1, g->oldest / 2, g->oldest - 1, g->oldest, g->oldest + 1, g->known - 1,
		g->known, g->known + 1, g->known + 7, g->known + 8, 2 * g->known, 4095,
		g->largest, g->largest + 1, 65536, INT_MAX, SIZE_MAX,
	};
	static const size_t offsets[] = { 0, 1, 2, 3, 4, 7, 8 };

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		int expected = list[i] < g->oldest ? g->too_small :
			       list[i] > g->largest ? E2BIG : 0;

		/* A command's number has 14 bits for the size: no more can be said. */
		if (g->try == grow_info && list[i] > g->largest)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(offsets); j++) {
			result(counting || fits(g, list[i], offsets[j], expected),
			       "%s: size %zu, misaligned by %zu", g->name, list[i], offsets[j]);
		}
	}
}

/* Every size from 0 to beyond a page, as one result. */
static void every_size(const struct growing *g)
{
	bool fine = true;

	for (size_t size = 0; !counting && fine && size <= g->largest + 100; size++) {
		int expected = size < g->oldest ? g->too_small : size > g->largest ? E2BIG : 0;

		if (g->try == grow_info && size > g->largest)
			break;
		fine = fits(g, size, 0, expected);
	}
	result(fine, "%s: every size from 0 to beyond a page", g->name);
}

/* What openat2(2) says of the same structure: it has three fields, all of them 0 here. */
static int grow_openat2(void *p, size_t size)
{
	long opened = syscall(SYS_openat2, AT_FDCWD, "/", p, size);

	if (opened < 0)
		return errno;
	close(opened);
	return 0;
}

#define OPENAT2_KNOWN 24

/*
 * The kernel's own growing structure, asked the same: tails of every kind, at every alignment, with
 * and without memory behind them. No constant says what is right: openat2 does.
 */
static void as_openat2(const struct growing *g)
{
	static const size_t tails[] = { 0, 1, 2, 7, 8, 9, 15, 16, 63, 64, 65, 127, 256, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		for (size_t bad = 0; bad <= tails[i]; bad = bad * 2 + 1) {
			/* Behind the tail, or so that a part of it is not there. */
			for (size_t missing = 0; missing <= tails[i]; missing = missing * 3 + 8) {
				int ours, theirs;
				char *p;

				if (counting) {
					result(true, "");
					continue;
				}
				memset(start, 0, end - start);
				p = end - OPENAT2_KNOWN - tails[i] + missing;
				if (bad < tails[i] && p + OPENAT2_KNOWN + bad < end)
					p[OPENAT2_KNOWN + bad] = 1;
				theirs = grow_openat2(p, OPENAT2_KNOWN + tails[i]);
				memset(start, 0, end - start);
				p = end - g->known - tails[i] + missing;
				if (bad < tails[i] && p + g->known + bad < end)
					p[g->known + bad] = 1;
				ours = g->try(p, g->known + tails[i]);
				result(ours == theirs,
				       "%s as openat2: tail %zu, byte %zu set, last %zu missing: %d",
				       g->name, tails[i], bad, missing, theirs);
			}
		}
	}
	for (size_t size = 0; size < OPENAT2_KNOWN && size < g->oldest; size++) {
		result(counting || g->try(start, size) == grow_openat2(start, size),
		       "%s as openat2: size %zu", g->name, size);
	}
	for (size_t size = 4096; size < 4100; size++) {
		if (!counting)
			reset();
		result(counting || g->try(start, size) == grow_openat2(start, size),
		       "%s as openat2: size %zu", g->name, size);
	}
}

/* getrandom(2) does nothing but write to the caller's memory: it must find the same faults. */
static int at_getrandom(void *p)
{
	return error_of(syscall(SYS_getrandom, p, 64, 0));
}

static void as_getrandom(const struct place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		void *p = (void *)addresses[i].value;

		result(counting || place->try(p) == at_getrandom(p), "%s as getrandom: %s",
		       place->name, addresses[i].name);
	}
	/* All or nothing there. (Of a part, getrandom says how long it is; these two do not.) */
	for (size_t there = 0; there <= 64; there += 64) {
		result(counting || place->try(end - there) == at_getrandom(end - there),
		       "%s as getrandom: %zu bytes there", place->name, there);
	}
}

/* A tail that is not zero asks for something unknown. */
static void tails(const struct growing *g)
{
	const size_t size = g->known + 256;
	const size_t where[] = { g->known, g->known + 1, g->known + 63, g->known + 64,
				 g->known + 128, size - 2, size - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		bool fine = true;

		if (!counting) {
			memset(start, 0xff, end - start);
			memset(start, 0, size);
			start[where[i]] = 1;
			fine = g->try(start, size) == E2BIG;
		}
		result(fine, "%s: byte %zu of an unknown tail is E2BIG", g->name, where[i]);
	}
	if (!counting) {
		/* What lies beyond the size is nobody's business. */
		memset(start, 0xff, end - start);
		memset(start, 0, size);
	}
	result(counting || g->try(start, size) == 0, "%s: a tail of zeros is fine", g->name);
	if (!counting) {
		reset();
		memset(end - g->known - 1, 0, g->known + 1);
	}
	result(counting || g->try(end - g->known, g->known + 1) == EFAULT,
	       "%s: a tail that is not there is EFAULT", g->name);
}

static void all(void)
{
	planned = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i].try == at_ring && !has_rings())
			continue;
		bad_pointers(&places[i]);
		misaligned_pointers(&places[i]);
		if (places[i].try == at_echo_dst || places[i].try == at_fill_dst ||
		    places[i].try == at_log_record)
			as_getrandom(&places[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(growing); i++) {
		sizes(&growing[i]);
		every_size(&growing[i]);
		if (!growing[i].in)
			continue;
		tails(&growing[i]);
		as_openat2(&growing[i]);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		device = argv[1];
	page = sysconf(_SC_PAGESIZE);
	/* Four pages, of which INFO can fill two and a half at most. */
	start = mmap(NULL, 6 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED || mprotect(start + page, 4 * page, PROT_READ | PROT_WRITE))
		ksft_exit_fail_perror("memory");
	start += page;
	end = start + 4 * page;
	fd = sysdemo_open(device);
	if (fd < 0)
		ksft_exit_fail_perror(device);

	if (make_folder())
		ksft_exit_fail_perror("the tree");

	ksft_print_header();
	counting = true;
	all();
	ksft_set_plan(planned);
	counting = false;
	all();
	if (remove_folder())
		ksft_exit_fail_perror("the tree");
	ksft_finished();
}
