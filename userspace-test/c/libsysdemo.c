// SPDX-License-Identifier: GPL-2.0
#include "libsysdemo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Highest error number that a result can carry, the kernel's MAX_ERRNO. */
#define MAX_ERRNO 4095

int sysdemo_open(const char *path)
{
	return open(path ? path : SYSDEMO_DEVICE, O_RDWR | O_CLOEXEC);
}

int sysdemo_call_raw(int fd, __u32 nr, const __u64 args[SYSDEMO_ARGS_MAX], __s64 *ret)
{
	struct sysdemo_call call = { .nr = nr };

	memcpy(call.args, args, sizeof(call.args));
	if (ioctl(fd, SYSDEMO_IOC_CALL, &call) < 0)
		return -1;
	*ret = call.ret;
	return 0;
}

__s64 sysdemo_syscall(int fd, __u32 nr, __u64 a0, __u64 a1, __u64 a2, __u64 a3, __u64 a4, __u64 a5)
{
	const __u64 args[SYSDEMO_ARGS_MAX] = { a0, a1, a2, a3, a4, a5 };
	__s64 ret;

	if (sysdemo_call_raw(fd, nr, args, &ret) < 0)
		return -1;
	if (ret < 0 && ret >= -MAX_ERRNO) {
		errno = -ret;
		return -1;
	}
	return ret;
}

int sysdemo_batch(int fd, struct sysdemo_call *calls, __u32 count, __u32 flags, int *status)
{
	struct sysdemo_batch batch = {
		.calls = (uintptr_t)calls,
		.count = count,
		.flags = flags,
	};

	if (ioctl(fd, SYSDEMO_IOC_BATCH, &batch) < 0)
		return -1;
	if (status)
		*status = batch.status;
	return batch.done;
}

int sysdemo_allow_only(int fd, const __u32 *calls, size_t count)
{
	struct sysdemo_restrict request = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (calls[i] >= SYSDEMO_RESTRICT_CALLS) {
			errno = EINVAL;
			return -1;
		}
		request.allowed[calls[i] / 64] |= 1ULL << calls[i] % 64;
	}
	return ioctl(fd, SYSDEMO_IOC_RESTRICT, &request);
}

int sysdemo_log(int fd, __u32 flags, __u32 capacity, struct sysdemo_log *told)
{
	struct sysdemo_log log = { .flags = flags, .capacity = capacity };

	if (ioctl(fd, SYSDEMO_IOC_LOG, &log) < 0)
		return -1;
	if (told)
		*told = log;
	return 0;
}

int sysdemo_read_log(int fd, struct sysdemo_log_record *records, size_t count)
{
	ssize_t length = read(fd, records, count * sizeof(*records));

	return length < 0 ? -1 : (int)(length / (ssize_t)sizeof(*records));
}

const struct sysdemo_vvar *sysdemo_map_vvar(int fd)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd,
			  SYSDEMO_MMAP_VVAR);

	return page == MAP_FAILED ? NULL : page;
}

int sysdemo_unmap_vvar(const struct sysdemo_vvar *vvar)
{
	return munmap((void *)vvar, sysconf(_SC_PAGESIZE));
}

/* A number before a structure is read: even, and nothing of the structure is read before it. */
static inline __u32 begin_reading(const __u32 *seq)
{
	__u32 now;

	do {
		now = __atomic_load_n(seq, __ATOMIC_ACQUIRE);
	} while (__builtin_expect(now & 1, 0));
	return now;
}

/* Whether it is another one now, and what was read is of two updates. */
static inline bool have_to_read_again(const __u32 *seq, __u32 before)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __builtin_expect(__atomic_load_n(seq, __ATOMIC_RELAXED) != before, 0);
}

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

/* The processor's counter, after all that comes before. */
static inline __u64 read_counter(void)
{
#if __has_builtin(__builtin_ia32_rdtsc)
	asm volatile("lfence" : : : "memory");
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

__u64 sysdemo_vvar_time(const struct sysdemo_vvar *vvar)
{
	const struct sysdemo_clock *clock = &vvar->clock;
	__u64 past, time;
	__u32 seq;

	do {
		seq = begin_reading(&clock->seq);
		if (READ_ONCE(clock->mode) != SYSDEMO_CLOCK_TSC)
			return 0;
		past = read_counter() - READ_ONCE(clock->cycles);
		if (__builtin_expect(past > READ_ONCE(clock->cycles_max), 0)) {
			if ((__s64)past >= 0)
				return 0;
			past = 0;
		}
		time = READ_ONCE(clock->base) +
		       ((READ_ONCE(clock->rest) + past * READ_ONCE(clock->mult)) >>
			READ_ONCE(clock->shift));
	} while (have_to_read_again(&clock->seq, seq));
	return time;
}

__u64 sysdemo_vvar_coarse(const struct sysdemo_vvar *vvar)
{
	const struct sysdemo_clock *clock = &vvar->clock;
	__u64 time;
	__u32 seq;

	do {
		seq = begin_reading(&clock->seq);
		time = READ_ONCE(clock->coarse);
	} while (have_to_read_again(&clock->seq, seq));
	return time;
}

void sysdemo_vvar_clock(const struct sysdemo_vvar *vvar, struct sysdemo_clock *out)
{
	const struct sysdemo_clock *clock = &vvar->clock;

	do {
		out->seq = begin_reading(&clock->seq);
		out->mode = READ_ONCE(clock->mode);
		out->coarse = READ_ONCE(clock->coarse);
		out->base = READ_ONCE(clock->base);
		out->rest = READ_ONCE(clock->rest);
		out->cycles = READ_ONCE(clock->cycles);
		out->cycles_max = READ_ONCE(clock->cycles_max);
		out->mult = READ_ONCE(clock->mult);
		out->shift = READ_ONCE(clock->shift);
	} while (have_to_read_again(&clock->seq, out->seq));
}

void sysdemo_vvar_counters(const struct sysdemo_vvar *vvar, struct sysdemo_counters *out)
{
	const struct sysdemo_counters *counters = &vvar->counters;

	do {
		out->seq = begin_reading(&counters->seq);
		out->pad = READ_ONCE(counters->pad);
		out->opened = READ_ONCE(counters->opened);
		out->closed = READ_ONCE(counters->closed);
		out->changed = READ_ONCE(counters->changed);
	} while (have_to_read_again(&counters->seq, out->seq));
}

static int ask_for_rings(int fd, __u32 entries, struct sysdemo_rings *rings)
{
	struct sysdemo_ring ring = { .entries = entries };
	char *memory;

	if (ioctl(fd, SYSDEMO_IOC_RING, &ring) < 0)
		return -1;
	if (!ring.size) {
		errno = ENXIO;
		return -1;
	}
	memory = mmap(NULL, ring.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, SYSDEMO_MMAP_RING);
	if (memory == MAP_FAILED)
		return -1;
	*rings = (struct sysdemo_rings) {
		.fd = fd,
		.size = ring.size,
		.head = (void *)memory,
		.submissions = (void *)(memory + ring.sq),
		.completions = (void *)(memory + ring.cq),
		.sq_mask = ring.sq_entries - 1,
		.cq_mask = ring.cq_entries - 1,
	};
	rings->sq_tail = rings->head->sq_tail;
	rings->cq_head = rings->head->cq_head;
	return 0;
}

int sysdemo_open_rings(int fd, __u32 entries, struct sysdemo_rings *rings)
{
	if (!entries) {
		errno = EINVAL;
		return -1;
	}
	return ask_for_rings(fd, entries, rings);
}

int sysdemo_map_rings(int fd, struct sysdemo_rings *rings)
{
	return ask_for_rings(fd, 0, rings);
}

int sysdemo_unmap_rings(struct sysdemo_rings *rings)
{
	return munmap(rings->head, rings->size);
}

int sysdemo_enter(struct sysdemo_rings *rings, __u32 count)
{
	__atomic_store_n(&rings->head->sq_tail, rings->sq_tail, __ATOMIC_RELEASE);
	return ioctl(rings->fd, SYSDEMO_IOC_ENTER, (unsigned long)count);
}

__s64 sysdemo_null(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_NULL, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_getpid(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_GETPID, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_gettid(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_GETTID, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_echo(int fd, void *dst, const void *src, size_t size, unsigned int flags)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_ECHO, (uintptr_t)dst, (uintptr_t)src, size, flags,
			       0, 0);
}

__s64 sysdemo_fill(int fd, const struct sysdemo_fill *how, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_FILL, (uintptr_t)how, size, 0, 0, 0, 0);
}

__s64 sysdemo_identity(int fd, struct sysdemo_identity *out, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_IDENTITY, (uintptr_t)out, size, 0, 0, 0, 0);
}

__s64 sysdemo_set_label(int fd, unsigned int which, const char *label)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_SET_LABEL, which, (uintptr_t)label, 0, 0, 0, 0);
}

__s64 sysdemo_get_label(int fd, unsigned int which, char *buffer, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_GET_LABEL, which, (uintptr_t)buffer, size, 0, 0, 0);
}

__s64 sysdemo_clear_label(int fd)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_CLEAR_LABEL, 0, 0, 0, 0, 0, 0);
}

__s64 sysdemo_regs(int fd, struct sysdemo_regs *out, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_REGS, (uintptr_t)out, size, 0, 0, 0, 0);
}

__s64 sysdemo_entry(int fd, struct sysdemo_entry *out, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_ENTRY, (uintptr_t)out, size, 0, 0, 0, 0);
}

__s64 sysdemo_sleep(int fd, struct sysdemo_time *time, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_SLEEP, (uintptr_t)time, size, 0, 0, 0, 0);
}

__s64 sysdemo_wait(int fd, const __u32 *word, __u32 expected, struct sysdemo_time *time,
		   size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_WAIT, (uintptr_t)word, expected, (uintptr_t)time,
			       size, 0, 0);
}

__s64 sysdemo_wake(int fd, const __u32 *word, __u32 count)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_WAKE, (uintptr_t)word, count, 0, 0, 0, 0);
}

__s64 sysdemo_facts(int fd, struct sysdemo_facts *out, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_FACTS, (uintptr_t)out, size, 0, 0, 0, 0);
}

__s64 sysdemo_open_file(int fd, const char *path, const struct sysdemo_open_how *how, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_OPEN, (uintptr_t)path, (uintptr_t)how, size, 0, 0, 0);
}

__s64 sysdemo_mkdir(int fd, const char *path, unsigned int mode)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_MKDIR, (uintptr_t)path, mode, 0, 0, 0, 0);
}

__s64 sysdemo_unlink(int fd, const char *path)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_UNLINK, (uintptr_t)path, 0, 0, 0, 0, 0);
}

__s64 sysdemo_rmdir(int fd, const char *path)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_RMDIR, (uintptr_t)path, 0, 0, 0, 0, 0);
}

__s64 sysdemo_stat(int fd, const char *path, struct sysdemo_stat *out, size_t size)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_STAT, (uintptr_t)path, (uintptr_t)out, size, 0, 0, 0);
}

__s64 sysdemo_list(int fd, const char *path, void *buffer, size_t size, __u64 cursor)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_LIST, (uintptr_t)path, (uintptr_t)buffer, size,
			       cursor, 0, 0);
}

__s64 sysdemo_read(int fd, int file, void *buffer, size_t count)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_READ, file, (uintptr_t)buffer, count, 0, 0, 0);
}

__s64 sysdemo_write(int fd, int file, const void *buffer, size_t count)
{
	return sysdemo_syscall(fd, SYSDEMO_NR_WRITE, file, (uintptr_t)buffer, count, 0, 0, 0);
}

#ifdef __x86_64__
void sysdemo_raw_syscall(struct sysdemo_user_regs *regs)
{
	register __u64 r10 asm("r10") = regs->args[3];
	register __u64 r8 asm("r8") = regs->args[4];
	register __u64 r9 asm("r9") = regs->args[5];
	/* Through memory that r12 points to: no register is left for results. */
	register struct sysdemo_user_regs *out asm("r12") = regs;
	__u64 rax = regs->nr;

	asm volatile("mov	%%rsp, %c[sp](%[out])\n\t"
		     "lea	1f(%%rip), %%rcx\n\t"
		     "mov	%%rcx, %c[ip](%[out])\n\t"
		     /* Below the red zone, which the compiler may have something in. */
		     "lea	-128(%%rsp), %%rsp\n\t"
		     "pushf\n\t"
		     "pop	%%rcx\n\t"
		     "lea	128(%%rsp), %%rsp\n\t"
		     "mov	%%rcx, %c[flags](%[out])\n\t"
		     "syscall\n"
		     "1:	mov	%%rcx, %c[rcx](%[out])\n\t"
		     "mov	%%r11, %c[r11](%[out])"
		     : "+a" (rax), "+r" (r10), "+r" (r8), "+r" (r9)
		     : "D" (regs->args[0]), "S" (regs->args[1]), "d" (regs->args[2]),
		       [out] "r" (out),
		       [sp] "i" (offsetof(struct sysdemo_user_regs, sp)),
		       [ip] "i" (offsetof(struct sysdemo_user_regs, ip)),
		       [flags] "i" (offsetof(struct sysdemo_user_regs, flags)),
		       [rcx] "i" (offsetof(struct sysdemo_user_regs, rcx)),
		       [r11] "i" (offsetof(struct sysdemo_user_regs, r11))
		     : "rcx", "r11", "memory", "cc");
	regs->ret = rax;
}

long sysdemo_int80(long nr, long a0, long a1, long a2)
{
	int ret;

	asm volatile("int	$0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (a0), "c" (a1), "d" (a2)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}
#endif
