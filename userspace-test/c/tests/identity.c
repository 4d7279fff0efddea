// SPDX-License-Identifier: GPL-2.0
/*
 * Who the device takes the caller for, compared with what the kernel says in the same breath.
 */
#include "tester.h"

#include <pthread.h>

/* 0 if the device and the kernel agree on who is calling. */
static int compare(int fd)
{
	return !(sysdemo_getpid(fd) == syscall(SYS_getpid) &&
		 sysdemo_gettid(fd) == syscall(SYS_gettid));
}

TEST_F(device, getpid_of_the_main_thread)
{
	EXPECT_EQ(0, compare(self->fd));
	EXPECT_EQ(sysdemo_getpid(self->fd), sysdemo_gettid(self->fd));
}

static void *thread_body(void *fd)
{
	return compare(*(int *)fd) || sysdemo_getpid(*(int *)fd) == sysdemo_gettid(*(int *)fd) ?
		"disagrees" : NULL;
}

TEST_F(device, getpid_of_another_thread)
{
	pthread_t thread;
	void *wrong;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_body, &self->fd));
	pthread_join(thread, &wrong);
	EXPECT_EQ(NULL, wrong);
}

TEST_F(device, getpid_of_a_forked_child)
{
	pid_t child = fork();

	/* The descriptor was opened by the parent; the answer is about who calls. */
	if (!child)
		_exit(compare(self->fd));
	EXPECT_EQ(0, wait_for(child));
}

/* Forks into new namespaces; the child is 1 there. */
static pid_t fork_into(unsigned long namespaces)
{
	return syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
}

TEST_F(device, getpid_in_a_pid_namespace)
{
	pid_t child = fork_into(CLONE_NEWPID);

	if (!child)
		_exit(compare(self->fd) || sysdemo_getpid(self->fd) != 1);
	EXPECT_EQ(0, wait_for(child));
}

TEST_F(device, getpid_in_nested_pid_namespaces)
{
	pid_t child = fork_into(CLONE_NEWPID);

	if (!child) {
		pid_t grandchild;

		/* A few ids down, so that the levels cannot be mixed up by luck. */
		for (int i = 0; i < 3; i++)
			wait_for(fork() ?: (_exit(0), 0));
		grandchild = fork_into(CLONE_NEWPID);
		if (!grandchild)
			_exit(compare(self->fd) || sysdemo_getpid(self->fd) != 1);
		_exit(wait_for(grandchild) || compare(self->fd));
	}
	EXPECT_EQ(0, wait_for(child));
}

TEST_F(device, getpid_of_an_unprivileged_user_in_namespaces)
{
	pid_t child = fork();

	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		child = fork_into(CLONE_NEWUSER | CLONE_NEWPID);
		if (!child)
			_exit(compare(self->fd) || sysdemo_getpid(self->fd) != 1);
		_exit(wait_for(child));
	}
	EXPECT_EQ(0, wait_for(child));
}

TEST_F(device, arguments_are_ignored)
{
	EXPECT_EQ(getpid(), sysdemo_syscall(self->fd, SYSDEMO_NR_GETPID, -1, -1, -1, -1, -1, -1));
	EXPECT_EQ(gettid(), sysdemo_syscall(self->fd, SYSDEMO_NR_GETTID, 1, 2, 3, 4, 5, 6));
}

TESTER_MAIN
