// SPDX-License-Identifier: GPL-2.0
/*
 * The device itself: its node, its descriptors, and the module that cannot leave while in use.
 */
#include "tester.h"

#include <poll.h>
#include <sys/socket.h>

/* Name of the module that is behind the device. */
TEST_F(device, node_is_for_everybody)
{
	struct stat stat;

	ASSERT_EQ(0, fstat(self->fd, &stat));
	EXPECT_EQ(S_IFCHR | 0666, stat.st_mode);
	EXPECT_EQ(0, stat.st_uid);
}

TEST_F(device, unprivileged_users_may_call)
{
	pid_t child = fork();

	if (!child) {
		int fd;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = sysdemo_open(device);
		if (fd < 0)
			_exit(11);
		_exit(sysdemo_getpid(fd) != getpid() || sysdemo_null(fd) != 0);
	}
	EXPECT_EQ(0, wait_for(child));
}

/* As with a real system call, no permission of the descriptor matters for making one. */
TEST(every_access_mode_can_call)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = open(device, modes[i] | O_CLOEXEC);

		ASSERT_LE(0, fd);
		EXPECT_EQ(0, sysdemo_null(fd));
		close(fd);
	}
}

/* What any of the commands ends in on a descriptor: the same for all, or -1. */
static int error_of_all_commands(int fd)
{
	static const unsigned int commands[] = {
		SYSDEMO_IOC_CALL, SYSDEMO_IOC_BATCH, SYSDEMO_IOC_TABLE, SYSDEMO_IOC_INFO,
		SYSDEMO_IOC_RESTRICT, SYSDEMO_IOC_LOG,
	};
	char argument[1024];
	int error = 0, now;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		/* To every command zeros are something to ask for. */
		memset(argument, 0, sizeof(argument));
		now = ioctl(fd, commands[i], argument) ? errno : 0;

		if (i && now != error)
			return -1;
		error = now;
	}
	return error;
}

TEST(descriptors_that_cannot_call)
{
	int fd = open(device, O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, error_of_all_commands(fd));
	close(fd);

	/* Closed. */
	EXPECT_EQ(EBADF, error_of_all_commands(fd));
	EXPECT_EQ(EBADF, error_of_all_commands(-1));

	/* Another device, and no device at all. */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ENOTTY, error_of_all_commands(fd));
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ENOTTY, error_of_all_commands(fd));
	close(fd);
}

/* Nothing but what is said to needs any rights. */
TEST_F(device, every_command_is_for_everybody)
{
	pid_t child = fork();

	if (!child) {
		struct sysdemo_fill how = { .len = 0 };
		char byte = 'x';
		int fd;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		fd = sysdemo_open(device);
		_exit(fd < 0 || error_of_all_commands(self->fd) ||
		      sysdemo_echo(fd, &byte, &byte, 1, 0) != 1 ||
		      sysdemo_fill(fd, &how, sizeof(how)) != 0 ||
		      sysdemo_get_label(fd, SYSDEMO_LABEL_SESSION, &byte, 1) != 1 ||
		      error_of_all_commands(fd));
	}
	EXPECT_EQ(0, wait_for(child));
}

TEST_F(device, what_is_not_offered_is_refused)
{
	char byte = 0;

	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

/* How many calls the kernel says were made through a descriptor. */
static long calls_of(int fd)
{
	char path[64], text[1024], *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "sysdemo-calls:\t");
	return line ? atol(line + strlen("sysdemo-calls:\t")) : -1;
}

TEST_F(device, fdinfo_counts_calls)
{
	int other = sysdemo_open(device);
	int copy = dup(self->fd);

	ASSERT_LE(0, other);
	ASSERT_LE(0, copy);
	EXPECT_EQ(0, calls_of(self->fd));
	for (int i = 0; i < 3; i++)
		sysdemo_null(self->fd);
	/* A call that there is none of was a call all the same; a refused record was not. */
	sysdemo_syscall(self->fd, SYSDEMO_NR_CALLS, 0, 0, 0, 0, 0, 0);
	ioctl(self->fd, SYSDEMO_IOC_CALL, NULL);
	EXPECT_EQ(4, calls_of(self->fd));
	/* The count is that of the open device, which copies of a descriptor share. */
	EXPECT_EQ(4, calls_of(copy));
	EXPECT_EQ(0, calls_of(other));
	close(copy);
	close(other);
}

TEST_F(device, descriptors_survive_fork_and_exec)
{
	pid_t child;
	char fd[16];

	/* Without close-on-exec now. */
	ASSERT_EQ(0, fcntl(self->fd, F_SETFD, 0));
	snprintf(fd, sizeof(fd), "%d", self->fd);
	child = fork();
	if (!child) {
		execl("/usr/bin/sysdemo-call", "sysdemo-call", "--fd", fd, "getpid", NULL);
		_exit(11);
	}
	EXPECT_EQ(0, wait_for(child));
	/* The child's call came through the same open device. */
	EXPECT_EQ(1, calls_of(self->fd));
}

/* A new program in the same process gets no more than the old one left. */
TEST_F(device, restrictions_survive_exec)
{
	static const __u32 only_null[] = { SYSDEMO_NR_NULL };
	pid_t child;
	char fd[16];

	ASSERT_EQ(0, fcntl(self->fd, F_SETFD, 0));
	snprintf(fd, sizeof(fd), "%d", self->fd);
	child = fork();
	if (!child) {
		if (sysdemo_allow_only(self->fd, only_null, 1))
			_exit(10);
		execl("/usr/bin/sysdemo-call", "sysdemo-call", "--fd", fd, "getpid", NULL);
		_exit(11);
	}
	/* What that program ends with when the call fails. */
	EXPECT_EQ(1, wait_for(child));
	EXPECT_EQ(-1, sysdemo_getpid(self->fd));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, sysdemo_null(self->fd));
}

TEST_F(device, module_in_use_cannot_be_unloaded)
{
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	/* It still works, and the last descriptor counts as much as the first. */
	close(self->fd);
	EXPECT_EQ(-1, syscall(SYS_delete_module, module_name(), O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, sysdemo_null(copy));
	self->fd = copy;
}

TEST(many_opens)
{
	int fds[256];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = sysdemo_open(device);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(0, sysdemo_null(fds[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

TESTER_MAIN
