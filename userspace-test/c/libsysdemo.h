/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libsysdemo: what a C library is to the kernel's system calls, for those of /dev/sysdemo.
 */
#ifndef LIBSYSDEMO_H
#define LIBSYSDEMO_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/sysdemo.h>

/**
 * sysdemo_open() - open a device that speaks the ABI of <linux/sysdemo.h>
 * @path: The device, or NULL for SYSDEMO_DEVICE.
 *
 * Return: A file descriptor with close-on-exec set, or -1 with errno set.
 */
int sysdemo_open(const char *path);

/**
 * sysdemo_call_raw() - make a call and give its result as the device gave it
 * @fd: The open device.
 * @nr: Number of the call, SYSDEMO_NR_*.
 * @args: The six registers.
 * @ret: Where the result goes: a value, or -4095..-1 for an error.
 *
 * Return: 0 if the call was made, otherwise -1 with errno set, and no result.
 */
int sysdemo_call_raw(int fd, __u32 nr, const __u64 args[SYSDEMO_ARGS_MAX], __s64 *ret);

/**
 * sysdemo_syscall() - make a call as syscall(2) makes a real one
 * @fd: The open device.
 * @nr: Number of the call, SYSDEMO_NR_*.
 * @a0: The first register; five more follow.
 *
 * Return: The call's value, or -1 with errno set, whether the call or the way to it failed.
 */
__s64 sysdemo_syscall(int fd, __u32 nr, __u64 a0, __u64 a1, __u64 a2, __u64 a3, __u64 a4, __u64 a5);

/**
 * sysdemo_batch() - make several calls in order
 * @fd: The open device.
 * @calls: The records.
 * @count: How many there are, at most SYSDEMO_BATCH_MAX.
 * @flags: SYSDEMO_BATCH_*.
 * @status: Where the reason for the end goes (see struct sysdemo_batch), or NULL.
 *
 * Return: How many records have their result, or -1 with errno set if none could be made.
 */
int sysdemo_batch(int fd, struct sysdemo_call *calls, __u32 count, __u32 flags, int *status);

/**
 * sysdemo_allow_only() - restrict an open device to some calls, for good
 * @fd: The open device.
 * @calls: Numbers of the calls, each less than SYSDEMO_RESTRICT_CALLS.
 * @count: How many there are.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_allow_only(int fd, const __u32 *calls, size_t count);

/**
 * sysdemo_log() - switch the log of an open device on or off, or ask how it is
 * @fd: The open device.
 * @flags: SYSDEMO_LOG_ON, SYSDEMO_LOG_OFF, or 0 to change nothing.
 * @capacity: How many records are kept, with SYSDEMO_LOG_ON; otherwise 0.
 * @told: Where it goes how the log is then, or NULL.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_log(int fd, __u32 flags, __u32 capacity, struct sysdemo_log *told);

/**
 * sysdemo_read_log() - take records out of the log
 * @fd: The open device.
 * @records: Where they go.
 * @count: How many there is room for.
 *
 * It waits for the first, unless the device is open with O_NONBLOCK.
 *
 * Return: How many there are, at least 1, or -1 with errno set.
 */
int sysdemo_read_log(int fd, struct sysdemo_log_record *records, size_t count);

/**
 * sysdemo_map_vvar() - map the page with the facts
 * @fd: The open device, open for reading.
 *
 * It can be read as long as it is mapped, whatever becomes of @fd.
 *
 * Return: The page, or NULL with errno set. EOPNOTSUPP: its clock is not the caller's; what is in
 * it can be asked for by sysdemo_facts().
 */
const struct sysdemo_vvar *sysdemo_map_vvar(int fd);

/**
 * sysdemo_unmap_vvar() - give the page back
 * @vvar: The page.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_unmap_vvar(const struct sysdemo_vvar *vvar);

/**
 * sysdemo_vvar_time() - CLOCK_MONOTONIC, without a call
 * @vvar: The page.
 *
 * Return: The time in nanoseconds; 0 if it takes a call to know it, because the kernel does not
 * take its time from a counter that programs can read.
 */
__u64 sysdemo_vvar_time(const struct sysdemo_vvar *vvar);

/**
 * sysdemo_vvar_coarse() - CLOCK_MONOTONIC_COARSE, without a call
 * @vvar: The page.
 *
 * Return: The time in nanoseconds.
 */
__u64 sysdemo_vvar_coarse(const struct sysdemo_vvar *vvar);

/**
 * sysdemo_vvar_clock() - what the time is made from
 * @vvar: The page.
 * @out: Where it goes, of one and the same update.
 */
void sysdemo_vvar_clock(const struct sysdemo_vvar *vvar, struct sysdemo_clock *out);

/**
 * sysdemo_vvar_counters() - how often the device was opened and closed, without a call
 * @vvar: The page.
 * @out: Where it goes, of one and the same update.
 */
void sysdemo_vvar_counters(const struct sysdemo_vvar *vvar, struct sysdemo_counters *out);

/**
 * struct sysdemo_rings - the rings of an open device, mapped
 * @fd: The open device.
 * @size: How much is mapped.
 * @head: What the two sides tell each other.
 * @submissions: The first submission.
 * @completions: The first completion.
 * @sq_mask: One less than the number of submissions.
 * @cq_mask: One less than the number of completions.
 * @sq_tail: One after the last submission, before the module is told.
 * @cq_head: The next completion.
 */
struct sysdemo_rings {
	int fd;
	__u32 size;
	struct sysdemo_ring_head *head;
	struct sysdemo_submission *submissions;
	struct sysdemo_completion *completions;
	__u32 sq_mask;
	__u32 cq_mask;
	__u32 sq_tail;
	__u32 cq_head;
};

/**
 * sysdemo_open_rings() - make the rings of an open device, and map them
 * @fd: The open device, open for reading and writing.
 * @entries: How many submissions there is to be room for.
 * @rings: What there is then.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_open_rings(int fd, __u32 entries, struct sysdemo_rings *rings);

/**
 * sysdemo_map_rings() - map the rings of an open device, which it has already
 * @fd: The open device.
 * @rings: What there is then.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_map_rings(int fd, struct sysdemo_rings *rings);

/**
 * sysdemo_unmap_rings() - give the mapping back
 * @rings: What was mapped.
 *
 * Return: 0, or -1 with errno set.
 */
int sysdemo_unmap_rings(struct sysdemo_rings *rings);

/**
 * sysdemo_next_submission() - where to put the next submission
 * @rings: The rings.
 *
 * Return: The place, or NULL if there is none until the module has taken one.
 */
static inline struct sysdemo_submission *sysdemo_next_submission(struct sysdemo_rings *rings)
{
	__u32 head = __atomic_load_n(&rings->head->sq_head, __ATOMIC_ACQUIRE);

	if (rings->sq_tail - head > rings->sq_mask)
		return NULL;
	return &rings->submissions[rings->sq_tail++ & rings->sq_mask];
}

/**
 * sysdemo_enter() - have calls made that were put in
 * @rings: The rings.
 * @count: How many at most.
 *
 * Return: How many were made, or -1 with errno set.
 */
int sysdemo_enter(struct sysdemo_rings *rings, __u32 count);

/**
 * sysdemo_next_completion() - the next completion, if there is one
 * @rings: The rings.
 * @completion: Where it goes.
 *
 * Return: Whether there is one.
 */
static inline bool sysdemo_next_completion(struct sysdemo_rings *rings,
					   struct sysdemo_completion *completion)
{
	__u32 tail = __atomic_load_n(&rings->head->cq_tail, __ATOMIC_ACQUIRE);

	if (rings->cq_head == tail)
		return false;
	*completion = rings->completions[rings->cq_head++ & rings->cq_mask];
	__atomic_store_n(&rings->head->cq_head, rings->cq_head, __ATOMIC_RELEASE);
	return true;
}

/* The calls, under the names that a C library would give them. -1 with errno set on failure. */
__s64 sysdemo_null(int fd);
__s64 sysdemo_getpid(int fd);
__s64 sysdemo_gettid(int fd);
__s64 sysdemo_echo(int fd, void *dst, const void *src, size_t size, unsigned int flags);
__s64 sysdemo_fill(int fd, const struct sysdemo_fill *how, size_t size);
__s64 sysdemo_identity(int fd, struct sysdemo_identity *out, size_t size);
__s64 sysdemo_set_label(int fd, unsigned int which, const char *label);
__s64 sysdemo_get_label(int fd, unsigned int which, char *buffer, size_t size);
__s64 sysdemo_clear_label(int fd);
__s64 sysdemo_regs(int fd, struct sysdemo_regs *out, size_t size);
__s64 sysdemo_entry(int fd, struct sysdemo_entry *out, size_t size);
__s64 sysdemo_sleep(int fd, struct sysdemo_time *time, size_t size);
/* With NULL and a size of 0 there is no end to the wait but being woken, or a signal. */
__s64 sysdemo_wait(int fd, const __u32 *word, __u32 expected, struct sysdemo_time *time,
		   size_t size);
__s64 sysdemo_wake(int fd, const __u32 *word, __u32 count);
__s64 sysdemo_facts(int fd, struct sysdemo_facts *out, size_t size);

/*
 * The calls of the tree. @fd is the open device; sysdemo_open_file() gives a descriptor of its own
 * for the file, which outlives it. Without close-on-exec, unless O_CLOEXEC is among the flags.
 */
__s64 sysdemo_open_file(int fd, const char *path, const struct sysdemo_open_how *how, size_t size);
__s64 sysdemo_mkdir(int fd, const char *path, unsigned int mode);
__s64 sysdemo_unlink(int fd, const char *path);
__s64 sysdemo_rmdir(int fd, const char *path);
__s64 sysdemo_stat(int fd, const char *path, struct sysdemo_stat *out, size_t size);
__s64 sysdemo_list(int fd, const char *path, void *buffer, size_t size, __u64 cursor);
__s64 sysdemo_read(int fd, int file, void *buffer, size_t count);
__s64 sysdemo_write(int fd, int file, const void *buffer, size_t count);

#ifdef __x86_64__
/**
 * struct sysdemo_user_regs - registers of the processor around a SYSCALL instruction
 * @nr: rax before: number of the real system call.
 * @args: rdi, rsi, rdx, r10, r8, r9 before. r10 stands in for C's fourth, rcx, which SYSCALL
 *	overwrites.
 * @ret: rax after.
 * @rcx: rcx after.
 * @r11: r11 after.
 * @ip: Address of the instruction after SYSCALL.
 * @flags: The flags register just before.
 * @sp: The stack pointer just before.
 */
struct sysdemo_user_regs {
	__u64 nr;
	__u64 args[6];
	__s64 ret;
	__u64 rcx;
	__u64 r11;
	__u64 ip;
	__u64 flags;
	__u64 sp;
};

/**
 * sysdemo_raw_syscall() - execute SYSCALL with the given registers, and nothing of a C library
 * @regs: The registers: @nr and @args are put in, the rest comes out.
 */
void sysdemo_raw_syscall(struct sysdemo_user_regs *regs);

/**
 * sysdemo_int80() - enter by the door of 32-bit programs, from a 64-bit one
 * @nr: Number of the real system call in the table of i386.
 *
 * Every argument, and so every pointer, is cut to 32 bits.
 *
 * Return: What the system call gives: a value, or -4095..-1 for an error.
 */
long sysdemo_int80(long nr, long a0, long a1, long a2);
#endif

#endif /* LIBSYSDEMO_H */
