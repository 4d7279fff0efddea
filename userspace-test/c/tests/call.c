// SPDX-License-Identifier: GPL-2.0
/*
 * The record that carries a call, and what becomes of one that is not as it should be.
 */
#include "tester.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

TEST_F(device, null_gives_0)
{
	EXPECT_EQ(0, sysdemo_null(self->fd));
}

TEST_F(device, only_ret_is_written)
{
	struct sysdemo_call call;

	memset(&call, 0xa5, sizeof(call));
	call.nr = SYSDEMO_NR_NULL;
	call.flags = 0;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
	EXPECT_EQ(0, call.ret);
	EXPECT_EQ(SYSDEMO_NR_NULL, call.nr);
	EXPECT_EQ(0, call.flags);
	for (int i = 0; i < SYSDEMO_ARGS_MAX; i++)
		EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, call.args[i]);
}

TEST_F(device, unknown_numbers_are_enosys)
{
	static const __u32 unknown[] = {
		SYSDEMO_NR_CALLS, SYSDEMO_NR_CALLS + 1, 63, 64, 255, 256, 65535, 65536,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct sysdemo_call call = { .nr = unknown[i], .ret = 1 };

		/* The request was understood, so the ioctl succeeds; the call did not. */
		EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
		EXPECT_EQ(-ENOSYS, call.ret)
			TH_LOG("number %u", unknown[i]);
	}
	EXPECT_EQ(-1, sysdemo_syscall(self->fd, SYSDEMO_NR_CALLS, 0, 0, 0, 0, 0, 0));
	EXPECT_EQ(ENOSYS, errno);
}

TEST_F(device, unknown_flags_are_einval)
{
	for (int bit = 0; bit < 32; bit++) {
		struct sysdemo_call call = { .flags = 1U << bit, .ret = 1234 };

		EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, &call));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(1234, call.ret);
	}
}

TEST_F(device, unknown_commands_are_enotty)
{
	static const unsigned int unknown[] = {
		_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL - 1, struct sysdemo_call),
		_IOWR(SYSDEMO_IOC_TYPE, 0xff, struct sysdemo_call),
		_IOWR('s', SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		/* The right number in the wrong direction or with the wrong size. */
		_IOW(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		_IOR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call),
		_IO(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL),
		_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, __u64),
		_IOC(_IOC_READ | _IOC_WRITE, SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL,
		     sizeof(struct sysdemo_call) + 1),
		0x5401 /* TCGETS */, 0, 0xffffffff,
	};
	struct sysdemo_call call = { .ret = 1234 };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, unknown[i], &call));
		EXPECT_EQ(ENOTTY, errno)
			TH_LOG("command %#x", unknown[i]);
	}
	EXPECT_EQ(1234, call.ret);
}

TEST_F(device, bad_pointers_are_efault)
{
	static const uintptr_t bad[] = {
		0, 1, 8, 0x1000,
		0x00007fffffffffff, 0x00007ffffffff000, 0x00007fffffffffc1,
		0x0000800000000000, 0x8000000000000000,
		0xffff800000000000, 0xffff888000000000, 0xffffffff81000000,
		0xfffffffffffff000, UINTPTR_MAX - sizeof(struct sysdemo_call) + 1, UINTPTR_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, bad[i]));
		EXPECT_EQ(EFAULT, errno)
			TH_LOG("pointer %#lx", bad[i]);
	}
}

TEST_F(device, half_mapped_records_are_efault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = map_with_guard();

	ASSERT_NE(NULL, memory);
	for (size_t inside = 1; inside < sizeof(struct sysdemo_call); inside++) {
		EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, memory + page - inside));
		EXPECT_EQ(EFAULT, errno)
			TH_LOG("%zu bytes inside", inside);
	}
	/* The very last place where it fits. */
	memory += page - sizeof(struct sysdemo_call);
	EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, memory));
	memory += sizeof(struct sysdemo_call) - page;
	munmap(memory, 2 * page);
}

TEST_F(device, misaligned_records_work)
{
	char memory[sizeof(struct sysdemo_call) + 64];

	for (size_t offset = 0; offset < 64; offset++) {
		struct sysdemo_call call = { .nr = SYSDEMO_NR_GETPID };

		memcpy(memory + offset, &call, sizeof(call));
		EXPECT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_CALL, memory + offset));
		memcpy(&call, memory + offset, sizeof(call));
		EXPECT_EQ(getpid(), call.ret);
	}
}

TEST_F(device, read_only_records_are_efault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_call *call = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, call);
	EXPECT_EQ(-1, ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(EFAULT, errno);
	munmap(call, page);
}

FIXTURE(sum6) {
	int fd;
};

FIXTURE_VARIANT(sum6) {
	__u64 args[6];
	__s64 sum;
};

FIXTURE_SETUP(sum6)
{
	self->fd = sysdemo_open(device);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(sum6)
{
	close(self->fd);
}

/* Every register is cut to its parameter's width, and a signed one takes its sign from there. */
FIXTURE_VARIANT_ADD(sum6, zero) {
	.args = { 0 },
	.sum = 0,
};

FIXTURE_VARIANT_ADD(sum6, ones) {
	.args = { 1, 1, 1, 1, 1, 1 },
	.sum = 6,
};

FIXTURE_VARIANT_ADD(sum6, s8_negative) {
	.args = { 0x80 },
	.sum = -128,
};

FIXTURE_VARIANT_ADD(sum6, s8_dirty) {
	.args = { 0xffffffffffffff7f },
	.sum = 127,
};

FIXTURE_VARIANT_ADD(sum6, u8_largest) {
	.args = { 0, 0xff },
	.sum = 255,
};

FIXTURE_VARIANT_ADD(sum6, u8_dirty) {
	.args = { 0, 0xdeadbeefdeadbe01 },
	.sum = 1,
};

FIXTURE_VARIANT_ADD(sum6, s16_negative) {
	.args = { 0, 0, 0x8000 },
	.sum = -32768,
};

FIXTURE_VARIANT_ADD(sum6, s16_dirty) {
	.args = { 0, 0, 0xffffffffffff7fff },
	.sum = 32767,
};

FIXTURE_VARIANT_ADD(sum6, u16_largest) {
	.args = { 0, 0, 0, 0xffff },
	.sum = 65535,
};

FIXTURE_VARIANT_ADD(sum6, u16_dirty) {
	.args = { 0, 0, 0, 0xdeadbeefdead0002 },
	.sum = 2,
};

FIXTURE_VARIANT_ADD(sum6, s32_negative) {
	.args = { 0, 0, 0, 0, 0x80000000 },
	.sum = -2147483648LL,
};

FIXTURE_VARIANT_ADD(sum6, s32_dirty) {
	.args = { 0, 0, 0, 0, 0xffffffff7fffffff },
	.sum = 2147483647,
};

FIXTURE_VARIANT_ADD(sum6, u32_largest) {
	.args = { 0, 0, 0, 0, 0, 0xffffffff },
	.sum = 4294967295LL,
};

FIXTURE_VARIANT_ADD(sum6, u32_dirty) {
	.args = { 0, 0, 0, 0, 0, 0xdeadbeef00000003 },
	.sum = 3,
};

FIXTURE_VARIANT_ADD(sum6, all_bits) {
	.args = { -1ULL, -1ULL, -1ULL, -1ULL, -1ULL, -1ULL },
	.sum = -3 + 255 + 65535 + 4294967295LL,
};

TEST_F(sum6, sum)
{
	__s64 ret;

	ASSERT_EQ(0, sysdemo_call_raw(self->fd, SYSDEMO_NR_SUM6, variant->args, &ret));
	EXPECT_EQ(variant->sum, ret);
}

#ifdef __x86_64__
/* A 64-bit program may use the 32-bit entry as well: its ioctl is then the compat one. */
static long int80_ioctl(int fd, unsigned int cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (54 /* ioctl of i386 */), "b" (fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

TEST_F(device, compat_callers_use_the_same_records)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct sysdemo_call *call = mmap(NULL, page, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	ASSERT_NE(MAP_FAILED, call);
	*call = (struct sysdemo_call){ .nr = SYSDEMO_NR_GETPID };
	EXPECT_EQ(0, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(getpid(), call->ret);
	*call = (struct sysdemo_call){ .nr = SYSDEMO_NR_CALLS };
	EXPECT_EQ(0, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	EXPECT_EQ(-ENOSYS, call->ret);
	EXPECT_EQ(-ENOTTY, int80_ioctl(self->fd, SYSDEMO_IOC_CALL + 1, call));
	EXPECT_EQ(-EFAULT, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, (void *)0xfffff000));
	call->flags = 1;
	EXPECT_EQ(-EINVAL, int80_ioctl(self->fd, SYSDEMO_IOC_CALL, call));
	munmap(call, page);
}
#endif

enum { THREADS = 4, ROUNDS = 2000 };

static int shared_fd;

static void *call_often(void *wrong)
{
	pid_t tid = gettid();

	for (int i = 0; i < ROUNDS; i++) {
		if (sysdemo_gettid(shared_fd) != tid || sysdemo_getpid(shared_fd) != getpid())
			__atomic_add_fetch((int *)wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(device, threads_share_a_descriptor)
{
	pthread_t threads[THREADS];
	int wrong = 0;

	shared_fd = self->fd;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_often, &wrong));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, wrong);
}

/* Flips the record's flags and number while calls are made from it. */
static void *scribble(void *arg)
{
	volatile struct sysdemo_call *call = arg;

	while (!__atomic_load_n(&shared_fd, __ATOMIC_RELAXED))
		;
	while (__atomic_load_n(&shared_fd, __ATOMIC_RELAXED)) {
		call->flags = ~call->flags;
		call->nr = call->nr == SYSDEMO_NR_GETPID ? 0xffffffff : SYSDEMO_NR_GETPID;
	}
	return NULL;
}

TEST_F(device, changing_records_are_read_once)
{
	struct sysdemo_call call = { .nr = SYSDEMO_NR_GETPID };
	pthread_t thread;
	int wrong = 0;

	__atomic_store_n(&shared_fd, 0, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &call));
	__atomic_store_n(&shared_fd, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < ROUNDS; i++) {
		int ret = ioctl(self->fd, SYSDEMO_IOC_CALL, &call);

		if (!(ret == 0 && (call.ret == getpid() || call.ret == -ENOSYS)) &&
		    !(ret == -1 && errno == EINVAL))
			wrong++;
	}
	__atomic_store_n(&shared_fd, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, wrong);
}

TESTER_MAIN
