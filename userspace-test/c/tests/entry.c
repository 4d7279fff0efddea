// SPDX-License-Identifier: GPL-2.0
/*
 * The way in: what the processor does to the registers, and what the kernel saved of them.
 */
#include "tester.h"

#include <linux/capability.h>

#ifdef __x86_64__

/* Selectors of a 64-bit program's code and stack, as every Linux has them. */
#define USER_CS 0x33
#define USER_SS 0x2b

static struct sysdemo_call request(struct sysdemo_regs *regs)
{
	memset(regs, 0xa5, sizeof(*regs));
	return (struct sysdemo_call){
		.nr = SYSDEMO_NR_REGS,
		.args = { (uintptr_t)regs, sizeof(*regs) },
	};
}

/* The device is asked by a bare SYSCALL with a value of ours in every register. */
static void ask(int fd, struct sysdemo_user_regs *user, struct sysdemo_regs *regs,
		struct sysdemo_call *call)
{
	*call = request(regs);
	*user = (struct sysdemo_user_regs){
		.nr = SYS_ioctl,
		.args = { fd, SYSDEMO_IOC_CALL, (uintptr_t)call, 0x4444, 0x5555, 0x6666 },
	};
	sysdemo_raw_syscall(user);
}

TEST_F(device, the_kernel_saved_what_was_in_the_registers)
{
	struct sysdemo_user_regs user;
	struct sysdemo_regs regs;
	struct sysdemo_call call;

	ask(self->fd, &user, &regs, &call);
	ASSERT_EQ(0, user.ret);
	ASSERT_EQ(0, call.ret);
	EXPECT_EQ(SYS_ioctl, regs.nr);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(user.args[i], regs.args[i]);
	EXPECT_EQ(user.sp, regs.sp);
	EXPECT_EQ(user.ip, regs.ip);
	EXPECT_EQ(USER_CS, regs.cs);
	EXPECT_EQ(USER_SS, regs.ss);
	EXPECT_EQ(0, regs.compat);
	EXPECT_EQ(0, regs.pad);
}

TEST_F(device, syscall_puts_rip_into_rcx_and_rflags_into_r11)
{
	struct sysdemo_user_regs user;
	struct sysdemo_regs regs;
	struct sysdemo_call call;

	ask(self->fd, &user, &regs, &call);
	ASSERT_EQ(0, call.ret);
	/* As the kernel found them... */
	EXPECT_EQ(regs.ip, regs.cx);
	EXPECT_EQ(regs.flags, regs.r11);
	/* ...and as the program finds them afterwards. */
	EXPECT_EQ(user.ip, user.rcx);
	EXPECT_EQ(user.flags, user.r11);
	EXPECT_EQ(regs.cx, user.rcx);
	EXPECT_EQ(regs.r11, user.r11);
}

/* C passes its fourth argument in rcx, which SYSCALL overwrites: a system call's is in r10. */
TEST_F(device, the_fourth_argument_is_in_r10)
{
	struct sysdemo_user_regs user;
	struct sysdemo_regs regs;
	struct sysdemo_call call;

	ask(self->fd, &user, &regs, &call);
	EXPECT_EQ(0x4444, regs.args[3]);
	EXPECT_NE(0x4444, regs.cx);
}

TEST_F(device, a_c_library_uses_the_same_registers)
{
	struct sysdemo_regs regs;

	ASSERT_EQ(0, sysdemo_regs(self->fd, &regs, sizeof(regs)));
	EXPECT_EQ(SYS_ioctl, regs.nr);
	EXPECT_EQ(self->fd, (int)regs.args[0]);
	EXPECT_EQ(SYSDEMO_IOC_CALL, (__u32)regs.args[1]);
}

TEST_F(device, int80_comes_in_by_the_compat_door)
{
	struct { struct sysdemo_call call; struct sysdemo_regs regs; } *low =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	ASSERT_NE(MAP_FAILED, low);
	low->call = request(&low->regs);
	ASSERT_EQ(0, sysdemo_int80(I386_NR_IOCTL, self->fd, SYSDEMO_IOC_CALL, (long)&low->call));
	ASSERT_EQ(0, low->call.ret);
	EXPECT_EQ(1, low->regs.compat);
	EXPECT_EQ(I386_NR_IOCTL, low->regs.nr);
	EXPECT_EQ(self->fd, low->regs.args[0]);
	EXPECT_EQ(SYSDEMO_IOC_CALL, low->regs.args[1]);
	EXPECT_EQ((uintptr_t)&low->call, low->regs.args[2]);
	/* The program is a 64-bit one for all that. */
	EXPECT_EQ(USER_CS, low->regs.cs);
	munmap(low, 4096);
}

TEST_F(device, unknown_numbers_of_the_real_table)
{
	struct sysdemo_user_regs user = { .nr = 100000 };

	sysdemo_raw_syscall(&user);
	EXPECT_EQ(-ENOSYS, user.ret);
	user.nr = -1ULL;
	sysdemo_raw_syscall(&user);
	EXPECT_EQ(-ENOSYS, user.ret);
}

TEST_F(device, entry_of_this_cpu)
{
	struct sysdemo_entry entry;
	char cpuinfo[8192];

	memset(&entry, 0xa5, sizeof(entry));
	ASSERT_EQ(0, sysdemo_entry(self->fd, &entry, sizeof(entry)));
	ASSERT_LT(0, read_file("/proc/cpuinfo", cpuinfo, sizeof(cpuinfo)));
	EXPECT_EQ(!!strstr(cpuinfo, " fred ") ? SYSDEMO_ENTRY_FRED : SYSDEMO_ENTRY_SYSCALL,
		  entry.mechanism);
	EXPECT_EQ(!!strstr(cpuinfo, " smep "), !!(entry.features & SYSDEMO_ENTRY_SMEP));
	EXPECT_EQ(!!strstr(cpuinfo, " smap "), !!(entry.features & SYSDEMO_ENTRY_SMAP));
	EXPECT_EQ(!!strstr(cpuinfo, " umip "), !!(entry.features & SYSDEMO_ENTRY_UMIP));
	EXPECT_EQ(!!strstr(cpuinfo, " fsgsbase "), !!(entry.features & SYSDEMO_ENTRY_FSGSBASE));
	EXPECT_EQ(!!strstr(cpuinfo, " pti "), !!(entry.features & SYSDEMO_ENTRY_PTI));
	/* What the kernel runs with, and what SYSRET makes the user's of (that and 16, or 3). */
	EXPECT_EQ(0x10, entry.kernel_cs);
	EXPECT_EQ(0x23, entry.user_cs);
	if (entry.mechanism == SYSDEMO_ENTRY_SYSCALL) {
		/* In the kernel's half; interrupts, traps and direction are switched off. */
		EXPECT_LT(0xffffffff80000000, entry.lstar);
		EXPECT_EQ(0x700, entry.fmask & 0x700);
	}
}

/* Root may know how; where the kernel is, only who may read its log. */
TEST_F(device, addresses_are_for_those_who_may_see_them)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	struct sysdemo_entry entry;

	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[CAP_TO_INDEX(CAP_SYSLOG)].effective &= ~CAP_TO_MASK(CAP_SYSLOG);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
	ASSERT_EQ(0, sysdemo_entry(self->fd, &entry, sizeof(entry)));
	EXPECT_EQ(0, entry.lstar);
	EXPECT_NE(0, entry.fmask);

	data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective &= ~CAP_TO_MASK(CAP_SYS_RAWIO);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
	EXPECT_EQ(-1, sysdemo_entry(self->fd, &entry, sizeof(entry)));
	EXPECT_EQ(EPERM, errno);
}

#else

TEST_F(device, compat_callers_are_seen_as_such)
{
	struct sysdemo_regs regs;

	ASSERT_EQ(0, sysdemo_regs(self->fd, &regs, sizeof(regs)));
	EXPECT_EQ(1, regs.compat);
	EXPECT_EQ(SYS_ioctl, regs.nr);
	EXPECT_EQ(self->fd, (int)regs.args[0]);
	EXPECT_EQ(SYSDEMO_IOC_CALL, (__u32)regs.args[1]);
	/* A 32-bit program's code segment. */
	EXPECT_EQ(0x23, regs.cs);
}

#endif

TEST_F(device, registers_need_no_rights)
{
	struct sysdemo_regs regs;

	ASSERT_EQ(0, setgid(NOBODY));
	ASSERT_EQ(0, setuid(NOBODY));
	EXPECT_EQ(0, sysdemo_regs(self->fd, &regs, sizeof(regs)));
}

TESTER_MAIN
