// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what: each capability check, in every kind of confinement that a process can be in.
 */
#include "tester.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* From newer headers than those of the build. */
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

static int error_of(__s64 ret)
{
	return ret < 0 ? errno : 0;
}

static int become_nobody(void)
{
	/* Dumpable: what changes its user loses its own files in /proc otherwise. */
	return setgid(NOBODY) || setuid(NOBODY) || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* A new user namespace in which the caller is root. */
static int become_container_root(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	return unshare(CLONE_NEWUSER) ||
	       write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", "0 %d 1", uid) ||
	       write_file("/proc/self/gid_map", "0 %d 1", gid);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capset, &header, data);
}

static int forbid_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* A filter that lets everything through: what shows is that it is there. */
static int filter_nothing(void)
{
	struct sock_filter filter[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };

	return forbid_new_privs() || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

typedef int (*become_fn)(void);

/* The module's label, and how the CPU enters, are for the initial user namespace's root. */
FIXTURE(rights) {
	int fd;
};

FIXTURE_VARIANT(rights) {
	become_fn become[2];
	/* The errors of each: 0 is success. */
	int set_module, set_session, entry;
	__u32 level, no_new_privs, seccomp;
};

FIXTURE_SETUP(rights)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd);
}

FIXTURE_VARIANT_ADD(rights, root) {
	.become = { NULL },
};

FIXTURE_VARIANT_ADD(rights, nobody) {
	.become = { become_nobody },
	.set_module = EPERM, .set_session = EPERM, .entry = EPERM,
};

FIXTURE_VARIANT_ADD(rights, root_without_capabilities) {
	.become = { drop_capabilities },
	.set_module = EPERM, .set_session = EPERM, .entry = EPERM,
};

FIXTURE_VARIANT_ADD(rights, root_of_a_container) {
	.become = { become_container_root },
	.set_module = EPERM, .set_session = 0, .entry = EPERM,
	.level = 1,
};

FIXTURE_VARIANT_ADD(rights, nobody_as_root_of_a_container) {
	.become = { become_nobody, become_container_root },
	.set_module = EPERM, .set_session = 0, .entry = EPERM,
	.level = 1,
};

FIXTURE_VARIANT_ADD(rights, root_of_a_nested_container) {
	.become = { become_container_root, become_container_root },
	.set_module = EPERM, .set_session = 0, .entry = EPERM,
	.level = 2,
};

FIXTURE_VARIANT_ADD(rights, no_new_privs) {
	.become = { forbid_new_privs },
	.no_new_privs = 1,
};

FIXTURE_VARIANT_ADD(rights, nobody_with_no_new_privs) {
	.become = { become_nobody, forbid_new_privs },
	.set_module = EPERM, .set_session = EPERM, .entry = EPERM,
	.no_new_privs = 1,
};

FIXTURE_VARIANT_ADD(rights, seccomp_filter) {
	.become = { filter_nothing },
	.no_new_privs = 1, .seccomp = 2,
};

FIXTURE_VARIANT_ADD(rights, nobody_with_seccomp_filter) {
	.become = { become_nobody, filter_nothing },
	.set_module = EPERM, .set_session = EPERM, .entry = EPERM,
	.no_new_privs = 1, .seccomp = 2,
};

/* Goes through the confinements of a variant; 0 if all were entered. */
static int become(const become_fn steps[2])
{
	for (int i = 0; i < 2; i++) {
		if (steps[i] && steps[i]())
			return -1;
	}
	return 0;
}

TEST_F(rights, module_label)
{
	ASSERT_EQ(0, become(variant->become));
	EXPECT_EQ(variant->set_module,
		  error_of(sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, "ours")));
}

TEST_F(rights, session_label)
{
	ASSERT_EQ(0, become(variant->become));
	EXPECT_EQ(variant->set_session,
		  error_of(sysdemo_set_label(self->fd, SYSDEMO_LABEL_SESSION, "ours")));
}

/* Root opened it: who calls does not matter. */
TEST_F(rights, opener_was_root)
{
	ASSERT_EQ(0, become(variant->become));
	EXPECT_EQ(0, error_of(sysdemo_clear_label(self->fd)));
}

TEST_F(rights, entry)
{
	struct sysdemo_entry entry;

	ASSERT_EQ(0, become(variant->become));
	EXPECT_EQ(variant->entry, error_of(sysdemo_entry(self->fd, &entry, sizeof(entry))));
}

TEST_F(rights, ids)
{
	ASSERT_EQ(0, become(variant->become));
	EXPECT_EQ(getpid(), sysdemo_getpid(self->fd));
	EXPECT_EQ(gettid(), sysdemo_gettid(self->fd));
}

/* The same questions to the kernel's own calls, in the same breath. */
TEST_F(rights, identity)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	struct sysdemo_identity identity;
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	ASSERT_EQ(0, become(variant->become));
	memset(&identity, 0xa5, sizeof(identity));
	ASSERT_EQ(0, sysdemo_identity(self->fd, &identity, sizeof(identity)));
	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	EXPECT_EQ(ruid, identity.uid);
	EXPECT_EQ(euid, identity.euid);
	EXPECT_EQ(suid, identity.suid);
	EXPECT_EQ(rgid, identity.gid);
	EXPECT_EQ(egid, identity.egid);
	EXPECT_EQ(sgid, identity.sgid);
	EXPECT_EQ(setfsuid(-1), identity.fsuid);
	EXPECT_EQ(setfsgid(-1), identity.fsgid);
	ASSERT_EQ(0, syscall(SYS_capget, &header, caps));
	EXPECT_EQ(caps[0].effective | (__u64)caps[1].effective << 32, identity.cap_effective);
	EXPECT_EQ(variant->level, identity.user_ns_level);
	EXPECT_EQ(variant->no_new_privs, identity.no_new_privs);
	EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), identity.no_new_privs);
	EXPECT_EQ(variant->seccomp, identity.seccomp_mode);
	EXPECT_EQ(0, identity.pad);
	/* The first version has no room for the filter, and the call says that there is one. */
	EXPECT_EQ(variant->seccomp ? 1 : 0,
		  sysdemo_identity(self->fd, &identity, SYSDEMO_IDENTITY_SIZE_VER0));
}

TEST_F(device, distinct_ids)
{
	struct sysdemo_identity identity;

	ASSERT_EQ(0, setresgid(101, 102, 103));
	setfsgid(104);
	ASSERT_EQ(0, setresuid(201, 202, 203));
	ASSERT_EQ(0, sysdemo_identity(self->fd, &identity, sizeof(identity)));
	EXPECT_EQ(201, identity.uid);
	EXPECT_EQ(202, identity.euid);
	EXPECT_EQ(203, identity.suid);
	EXPECT_EQ(202, identity.fsuid);
	EXPECT_EQ(101, identity.gid);
	EXPECT_EQ(102, identity.egid);
	EXPECT_EQ(103, identity.sgid);
	EXPECT_EQ(104, identity.fsgid);
}

/* Ids without a name in the caller's namespace are told as the overflow id, as getuid(2) does. */
TEST_F(device, unmapped_ids)
{
	struct sysdemo_identity identity;

	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	ASSERT_EQ(0, sysdemo_identity(self->fd, &identity, sizeof(identity)));
	EXPECT_EQ(getuid(), identity.uid);
	EXPECT_EQ(65534, identity.uid);
	EXPECT_EQ(65534, identity.fsgid);
}

TEST_F(device, labels)
{
	char buffer[SYSDEMO_LABEL_MAX + 1];
	char longest[SYSDEMO_LABEL_MAX + 2];

	for (unsigned int which = 0; which < 2; which++) {
		ASSERT_EQ(0, sysdemo_set_label(self->fd, which, "hello"));
		EXPECT_EQ(6, sysdemo_get_label(self->fd, which, buffer, sizeof(buffer)));
		EXPECT_STREQ("hello", buffer);
		/* Just enough room, and just not. */
		EXPECT_EQ(6, sysdemo_get_label(self->fd, which, buffer, 6));
		memset(buffer, 'x', sizeof(buffer));
		EXPECT_EQ(-1, sysdemo_get_label(self->fd, which, buffer, 5));
		EXPECT_EQ(ERANGE, errno);
		EXPECT_EQ('x', buffer[0]);
		EXPECT_EQ(-1, sysdemo_get_label(self->fd, which, NULL, 0));
		EXPECT_EQ(ERANGE, errno);

		/* A shorter one leaves nothing of a longer one. */
		ASSERT_EQ(0, sysdemo_set_label(self->fd, which, "yo"));
		EXPECT_EQ(3, sysdemo_get_label(self->fd, which, buffer, sizeof(buffer)));
		EXPECT_STREQ("yo", buffer);
		EXPECT_EQ('x', buffer[3]);

		memset(longest, 'y', sizeof(longest));
		longest[SYSDEMO_LABEL_MAX + 1] = '\0';
		EXPECT_EQ(-1, sysdemo_set_label(self->fd, which, longest));
		EXPECT_EQ(ENAMETOOLONG, errno);
		longest[SYSDEMO_LABEL_MAX] = '\0';
		EXPECT_EQ(0, sysdemo_set_label(self->fd, which, longest));
		EXPECT_EQ(SYSDEMO_LABEL_MAX + 1,
			  sysdemo_get_label(self->fd, which, buffer, sizeof(buffer)));
		EXPECT_STREQ(longest, buffer);
		EXPECT_EQ(0, sysdemo_set_label(self->fd, which, ""));
		EXPECT_EQ(1, sysdemo_get_label(self->fd, which, buffer, sizeof(buffer)));
	}
}

static volatile bool stop;

/* Makes a string longer and shorter, so that at times there is no end to it. */
static void *lengthen(void *arg)
{
	volatile char *string = arg;

	while (!stop) {
		string[10] = 'y';
		string[SYSDEMO_LABEL_MAX] = 'y';
		string[SYSDEMO_LABEL_MAX] = '\0';
		string[10] = '\0';
	}
	return NULL;
}

TEST_F(device, a_changing_string_does_no_harm)
{
	char string[SYSDEMO_LABEL_MAX + 2], buffer[SYSDEMO_LABEL_MAX + 1];
	pthread_t thread;

	memset(string, 'y', sizeof(string));
	string[sizeof(string) - 1] = '\0';
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, lengthen, string));
	for (int i = 0; i < 5000; i++) {
		__s64 length;

		if (sysdemo_set_label(self->fd, SYSDEMO_LABEL_SESSION, string) < 0) {
			EXPECT_EQ(ENAMETOOLONG, errno);
			continue;
		}
		length = sysdemo_get_label(self->fd, SYSDEMO_LABEL_SESSION, buffer, sizeof(buffer));
		EXPECT_TRUE(length == 11 || length == SYSDEMO_LABEL_MAX + 1);
		EXPECT_EQ('\0', buffer[length - 1]);
	}
	stop = true;
	pthread_join(thread, NULL);
}

TEST_F(device, labels_that_are_none)
{
	static const unsigned int none[] = { 2, 3, 0x7fffffff, 0xffffffff };
	char buffer[64];

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(-1, sysdemo_set_label(self->fd, none[i], "x"));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, sysdemo_get_label(self->fd, none[i], buffer, sizeof(buffer)));
		EXPECT_EQ(EINVAL, errno);
	}
}

/* Whatever is wrong with a request is said before whether it was allowed. */
TEST_F(device, permission_comes_last)
{
	char longest[SYSDEMO_LABEL_MAX + 2];

	memset(longest, 'y', sizeof(longest));
	longest[SYSDEMO_LABEL_MAX + 1] = '\0';
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(-1, sysdemo_set_label(self->fd, 7, NULL));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, longest));
	EXPECT_EQ(ENAMETOOLONG, errno);
	EXPECT_EQ(-1, sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, "x"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, sysdemo_entry(self->fd, NULL, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sysdemo_entry(self->fd, NULL, 4097));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(-1, sysdemo_entry(self->fd, NULL, SYSDEMO_ENTRY_SIZE_VER0));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(device, session_labels_are_their_own)
{
	int other = sysdemo_open(device);
	char buffer[64];

	ASSERT_LE(0, other);
	ASSERT_EQ(0, sysdemo_set_label(self->fd, SYSDEMO_LABEL_SESSION, "mine"));
	EXPECT_EQ(1, sysdemo_get_label(other, SYSDEMO_LABEL_SESSION, buffer, sizeof(buffer)));
	ASSERT_EQ(0, sysdemo_set_label(self->fd, SYSDEMO_LABEL_MODULE, "ours"));
	EXPECT_EQ(5, sysdemo_get_label(other, SYSDEMO_LABEL_MODULE, buffer, sizeof(buffer)));
	EXPECT_STREQ("ours", buffer);
	EXPECT_EQ(0, sysdemo_clear_label(other));
	EXPECT_EQ(1, sysdemo_get_label(self->fd, SYSDEMO_LABEL_MODULE, buffer, sizeof(buffer)));
	close(other);
}

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

/*
 * Somebody without rights opens the device and gets a program of root's to make a call on it. For
 * what asks who calls that works: root is tricked into lending its rights. For what asks who
 * opened, not.
 */
TEST(passing_a_descriptor_to_root_does_not_help)
{
	char buffer[64];
	int sockets[2], fd;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	child = fork();
	if (!child) {
		if (become_nobody())
			_exit(10);
		fd = sysdemo_open(device);
		_exit(fd < 0 || send_fd(sockets[1], fd));
	}
	ASSERT_EQ(0, wait_for(child));
	fd = receive_fd(sockets[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, geteuid());

	EXPECT_EQ(0, error_of(sysdemo_set_label(fd, SYSDEMO_LABEL_MODULE, "tricked")));
	EXPECT_EQ(EPERM, error_of(sysdemo_clear_label(fd)));
	EXPECT_EQ(8, sysdemo_get_label(fd, SYSDEMO_LABEL_MODULE, buffer, sizeof(buffer)));

	/* The caller is who calls, all the same. */
	EXPECT_EQ(getpid(), sysdemo_getpid(fd));
	close(fd);
	fd = sysdemo_open(device);
	EXPECT_EQ(0, error_of(sysdemo_clear_label(fd)));
	close(fd);
}

/* And the other way: what root has opened can be used by whom it gives it to. */
TEST_F(device, rights_of_the_opener_go_with_the_descriptor)
{
	pid_t child = fork();

	if (!child)
		_exit(become_nobody() || error_of(sysdemo_clear_label(self->fd)));
	EXPECT_EQ(0, wait_for(child));
}

/* A seccomp filter that refuses ioctl is in front of the device: nothing comes through. */
TEST_F(device, seccomp_without_ioctl)
{
	pid_t child = fork();

	if (!child) {
		struct sock_filter filter[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };

		if (forbid_new_privs() ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
			_exit(10);
		_exit(error_of(sysdemo_null(self->fd)) != EDOM);
	}
	EXPECT_EQ(0, wait_for(child));
}

/* A Landlock domain without device ioctls: what was opened before works, later does not. */
TEST_F(device, landlock_without_device_ioctls)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = LANDLOCK_ACCESS_FS_IOCTL_DEV };
	pid_t child;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* the version */) < 5)
		SKIP(return, "this kernel's Landlock knows no device ioctls");
	child = fork();
	if (!child) {
		int ruleset = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
		int fd;

		if (ruleset < 0 || forbid_new_privs() ||
		    syscall(SYS_landlock_restrict_self, ruleset, 0))
			_exit(10);
		if (sysdemo_null(self->fd) != 0)
			_exit(11);
		fd = sysdemo_open(device);
		if (fd < 0)
			_exit(12);
		_exit(error_of(sysdemo_null(fd)) != EACCES);
	}
	EXPECT_EQ(0, wait_for(child));
}

TESTER_MAIN
