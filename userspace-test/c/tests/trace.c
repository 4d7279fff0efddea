// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints: off they cost nothing and say nothing, on they say what came and what went.
 */
#include "tester.h"

#include <sys/time.h>

#define TRACEFS "/sys/kernel/tracing"
#define EVENTS TRACEFS "/events/sysdemo"

/* Opening these files to truncate them is what empties them. */
static void clear(const char *path)
{
	close(open(path, O_WRONLY | O_TRUNC | O_CLOEXEC));
}

FIXTURE(trace) {
	int fd;
};

FIXTURE_SETUP(trace)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, access(EVENTS, F_OK))
		TH_LOG("no tracefs, or no such events");
	ASSERT_EQ(0, write_file(TRACEFS "/set_event_pid", "%d", getpid()));
	clear(TRACEFS "/trace");
}

FIXTURE_TEARDOWN(trace)
{
	write_file(EVENTS "/enable", "0");
	clear(TRACEFS "/set_event_pid");
	close(self->fd);
}

/* The trace so far. */
static const char *trace(void)
{
	static char text[65536];

	return read_file(TRACEFS "/trace", text, sizeof(text)) < 0 ? "" : text;
}

TEST_F(trace, off_says_nothing)
{
	sysdemo_null(self->fd);
	/* The file can be read, and says what it always does. */
	EXPECT_NE(NULL, strstr(trace(), "# tracer: nop"));
	EXPECT_EQ(NULL, strstr(trace(), "sys_enter:"));
	EXPECT_EQ(NULL, strstr(trace(), "sys_exit:"));
}

TEST_F(trace, on_says_what_came_and_what_went)
{
	char expected[64];

	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	sysdemo_syscall(self->fd, SYSDEMO_NR_GETPID, 0x10, 0x20, 0x30, 0x40, 0x50, -1ULL);
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	sysdemo_syscall(self->fd, SYSDEMO_NR_GETPID, 0xabc, 0, 0, 0, 0, 0);

	EXPECT_NE(NULL, strstr(trace(), "sys_enter: NR 1 (10, 20, 30, 40, 50, ffffffffffffffff)\n"))
		TH_LOG("%s", trace());
	snprintf(expected, sizeof(expected), "sys_exit: NR 1 = %d\n", getpid());
	EXPECT_NE(NULL, strstr(trace(), expected))
		TH_LOG("%s", trace());
	EXPECT_EQ(NULL, strstr(trace(), "abc"));
}

TEST_F(trace, unknown_calls_are_traced)
{
	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	sysdemo_syscall(self->fd, 4294967295U, 0, 0, 0, 0, 0, 0);
	EXPECT_NE(NULL, strstr(trace(), "sys_enter: NR 4294967295 (0, 0, 0, 0, 0, 0)\n"))
		TH_LOG("%s", trace());
	EXPECT_NE(NULL, strstr(trace(), "sys_exit: NR 4294967295 = -38\n"))
		TH_LOG("%s", trace());
}

static void nothing(int signal)
{
	(void)signal;
}

/* They show what the call gave, as raw_syscalls:sys_exit does, and not what becomes of it. */
TEST_F(trace, interrupted_calls_are_traced)
{
	const struct itimerval often = { { .tv_usec = 20000 }, { .tv_usec = 20000 } };
	const struct itimerval never = { 0 };
	const struct sigaction action = { .sa_handler = nothing };
	struct sysdemo_time time = { .time = 100000000000 };

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_EQ(-1, sysdemo_sleep(self->fd, &time, sizeof(time)));
	EXPECT_EQ(EINTR, errno);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	/* ERESTARTNOHAND */
	EXPECT_NE(NULL, strstr(trace(), "sys_exit: NR 14 = -514\n"))
		TH_LOG("%s", trace());
}

TEST_F(trace, refused_records_are_not_traced)
{
	struct sysdemo_call call = { .flags = 1 };

	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(NULL, strstr(trace(), "sys_enter:"));
	/* That of one which is not refused is there. */
	call.flags = 0;
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_NE(NULL, strstr(trace(), "sys_enter:"));
}

/* Opens a file of the tree. */
static __s64 open_in_tree(int fd, const char *path, int flags)
{
	struct sysdemo_open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0600 : 0 };

	return sysdemo_syscall(fd, SYSDEMO_NR_OPEN, (uintptr_t)path, (uintptr_t)&how, sizeof(how),
			       0, 0, 0);
}

/* Whether the trace has these lines in this order, whatever is in between. */
static bool traced(const char *const *lines, size_t count)
{
	const char *at = trace();

	for (size_t i = 0; i < count; i++) {
		at = strstr(at, lines[i]);
		if (!at)
			return false;
		at += strlen(lines[i]);
	}
	return true;
}

TEST_F(trace, stages_of_an_open)
{
	char install[64];
	const char *const lines[] = {
		"open_stage: descriptor = 0\n", "open_stage: way = 0\n",
		"open_stage: permission = 0\n", "open_stage: file = 0\n", install,
	};
	int file;

	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	file = open_in_tree(self->fd, "traced", O_CREAT | O_RDWR);
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	ASSERT_LE(0, file);
	snprintf(install, sizeof(install), "open_stage: install = %d\n", file);
	EXPECT_TRUE(traced(lines, ARRAY_SIZE(lines)))
		TH_LOG("%s", trace());
	EXPECT_EQ(NULL, strstr(trace(), "open_undo:"));
	close(file);
	sysdemo_syscall(self->fd, SYSDEMO_NR_UNLINK, (uintptr_t)"traced", 0, 0, 0, 0, 0);
}

TEST_F(trace, stages_that_are_undone)
{
	static const char *const lines[] = {
		"open_stage: descriptor = 0\n", "open_stage: way = -2\n",
		"open_undo: descriptor\n",
	};

	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	EXPECT_EQ(-1, open_in_tree(self->fd, "none", O_RDWR));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	EXPECT_TRUE(traced(lines, ARRAY_SIZE(lines)))
		TH_LOG("%s", trace());
	EXPECT_EQ(NULL, strstr(trace(), "open_stage: permission"));
	EXPECT_EQ(NULL, strstr(trace(), "open_stage: install"));
}

/* A path that cannot be read is none that could be gone. */
TEST_F(trace, a_path_that_cannot_be_read)
{
	static const char *const lines[] = {
		"open_stage: descriptor = 0\n", "open_stage: way = -14\n",
		"open_undo: descriptor\n",
	};

	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	EXPECT_EQ(-1, open_in_tree(self->fd, NULL, O_RDWR));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	EXPECT_TRUE(traced(lines, ARRAY_SIZE(lines)))
		TH_LOG("%s", trace());
}

/* All stages but the last are done, and it turns out that the caller cannot be told. */
TEST_F(trace, an_open_that_cannot_be_told)
{
	static const char *const lines[] = {
		"open_stage: descriptor = 0\n", "open_stage: way = 0\n",
		"open_stage: permission = 0\n", "open_stage: file = 0\n",
		"open_undo: file\n", "open_undo: descriptor\n",
	};
	static const struct sysdemo_open_how how = { .flags = O_CREAT | O_RDWR, .mode = 0600 };
	const size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_call *call = mmap(NULL, page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)call);
	call->nr = SYSDEMO_NR_OPEN;
	call->args[0] = (uintptr_t)"traced";
	call->args[1] = (uintptr_t)&how;
	call->args[2] = sizeof(how);
	ASSERT_EQ(0, mprotect(call, page, PROT_READ));
	ASSERT_EQ(0, write_file(EVENTS "/enable", "1"));
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, write_file(EVENTS "/enable", "0"));
	EXPECT_TRUE(traced(lines, ARRAY_SIZE(lines)))
		TH_LOG("%s", trace());
	EXPECT_EQ(NULL, strstr(trace(), "open_stage: install"));
	munmap(call, page);
	sysdemo_syscall(self->fd, SYSDEMO_NR_UNLINK, (uintptr_t)"traced", 0, 0, 0, 0, 0);
}

TESTER_MAIN
