/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of /dev/sysdemo: system calls in small.
 *
 * A program puts a call number and six registers into a record and hands it to the device, as it
 * would put them into its registers and execute SYSCALL. This header is the only description of
 * that interface: C programs include it, and bindgen makes the Rust types of the module and of the
 * Rust programs from it.
 *
 * All layouts are the same for 32- and 64-bit callers. All padding is explicit.
 */
#ifndef _UAPI_LINUX_SYSDEMO_H
#define _UAPI_LINUX_SYSDEMO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Where the device is found once the module is loaded. */
#define SYSDEMO_DEVICE	"/dev/sysdemo"

/**
 * struct sysdemo_call - one call: what the registers are to a real system call
 * @nr: Number of the call, one of SYSDEMO_NR_*. In.
 * @flags: None are known yet. Must be 0, or the call is refused with EINVAL. In.
 * @args: The six registers. A call reads as many as it has parameters and ignores the rest, as a
 *	real one does. In.
 * @ret: What the call gives back, or -4095..-1 for an error (-ENOSYS: no such call). Out.
 *
 * Only @ret is ever written.
 */
struct sysdemo_call {
	__u32 nr;
	__u32 flags;
	__u64 args[6];
	__s64 ret;
};

/* How many registers a call record has. */
#define SYSDEMO_ARGS_MAX	6

/*
 * Numbers of the ioctl commands: type and range are those that the kernel sets aside for samples
 * (Documentation/userspace-api/ioctl/ioctl-number.rst). A command that is not one of these fails
 * with ENOTTY: "this device knows no such request". That an unknown call number in a record ends
 * in ENOSYS instead is no contradiction: the request to make a call was understood.
 */
#define SYSDEMO_IOC_TYPE	'|'
#define SYSDEMO_IOC_NR_CALL	0x90
#define SYSDEMO_IOC_NR_BATCH	0x91
#define SYSDEMO_IOC_NR_TABLE	0x92
#define SYSDEMO_IOC_NR_INFO	0x93
#define SYSDEMO_IOC_NR_RESTRICT	0x94
#define SYSDEMO_IOC_NR_LOG	0x95
#define SYSDEMO_IOC_NR_RING	0x96
#define SYSDEMO_IOC_NR_ENTER	0x97

/*
 * Makes one call. 0 when the call was made (@ret has its result, be it an error), otherwise:
 * EFAULT: the record cannot be read, or @ret cannot be written (the call has been made then).
 * EINVAL: @flags is not 0; no call has been made.
 * EINTR: a signal's handler ran while the call slept; there is no @ret. Where the signal has no
 * handler, and with SA_RESTART where the call allows that, the command starts again by itself, as
 * any system call does.
 */
#define SYSDEMO_IOC_CALL	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_CALL, struct sysdemo_call)

/**
 * struct sysdemo_batch - several calls, made in order
 * @calls: Pointer to the first of @count records, each a struct sysdemo_call. In.
 * @count: How many records there are, at most SYSDEMO_BATCH_MAX. In.
 * @flags: SYSDEMO_BATCH_*. In.
 * @done: How many records have their @ret written. Out.
 * @status: Why it ended: 0, all records are done; -EINTR, a signal came (a batch never starts again
 *	by itself: a call that slept gives -EINTR as well); -EFAULT or -EINVAL, the
 *	record after the done ones was as SYSDEMO_IOC_CALL refuses it (if only its @ret could not
 *	be written, that call was made all the same); otherwise, without
 *	SYSDEMO_BATCH_CONTINUE, the error that the last of the done calls gave. Out.
 */
struct sysdemo_batch {
	__u64 calls;
	__u32 count;
	__u32 flags;
	__u32 done;
	__s32 status;
};

/* An error of a call does not end the batch. */
#define SYSDEMO_BATCH_CONTINUE	(1U << 0)

/* The most records of a batch. */
#define SYSDEMO_BATCH_MAX	1024

/*
 * Makes the calls of a batch. 0 when @done and @status were written, otherwise:
 * EFAULT: the structure cannot be read, and no call has been made, or it cannot be written.
 * EINVAL: @flags has unknown bits, or @count is too large; no call has been made.
 */
#define SYSDEMO_IOC_BATCH	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_BATCH, struct sysdemo_batch)

/* Room for a name, with the zero byte at its end. */
#define SYSDEMO_NAME_SIZE	32

/**
 * struct sysdemo_parameter - a parameter of a call
 * @type: Name of its type, as C spells it.
 * @name: Name of the parameter.
 */
struct sysdemo_parameter {
	char type[SYSDEMO_NAME_SIZE];
	char name[SYSDEMO_NAME_SIZE];
};

/**
 * struct sysdemo_table - what the table knows of a call, as SYSCALL_METADATA does of a real one
 * @nr: Number of the call. In.
 * @count: How many parameters it has. Out.
 * @name: Name of the call. Out.
 * @parameters: The parameters; those from @count on are zero. Out.
 */
struct sysdemo_table {
	__u32 nr;
	__u32 count;
	char name[SYSDEMO_NAME_SIZE];
	struct sysdemo_parameter parameters[SYSDEMO_ARGS_MAX];
};

/*
 * Describes a call. 0 when all was written, otherwise:
 * EFAULT: the structure cannot be read or written.
 * ENOSYS: there is no such call.
 */
#define SYSDEMO_IOC_TABLE	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_TABLE, struct sysdemo_table)

/**
 * struct sysdemo_info - what this device offers
 * @abi: Version of the ABI, SYSDEMO_ABI. Goes up by one when something is added.
 * @calls: One more than the highest number of a call.
 * @features: SYSDEMO_FEATURE_*.
 * @calls_made: How many calls came through this open device. Those of SYSDEMO_IOC_ENTER count when
 *	it is done.
 * @batch_max: The most records of a batch.
 * @restricted: 1 if SYSDEMO_IOC_RESTRICT was used on this open device, otherwise 0.
 */
struct sysdemo_info {
	__u32 abi;
	__u32 calls;
	__u64 features;
	__u64 calls_made;
	__u32 batch_max;
	__u32 restricted;
};

#define SYSDEMO_ABI		3

/* Size of struct sysdemo_info in the first version of the ABI. */
#define SYSDEMO_INFO_SIZE_VER0	32

#define SYSDEMO_FEATURE_BATCH		(1ULL << 0)
#define SYSDEMO_FEATURE_RESTRICT	(1ULL << 1)
/* SYSDEMO_NR_REGS and SYSDEMO_NR_ENTRY work on this architecture. */
#define SYSDEMO_FEATURE_REGS		(1ULL << 2)
#define SYSDEMO_FEATURE_LOG		(1ULL << 3)
/* The calls of the tree and of its files, SYSDEMO_NR_OPEN to SYSDEMO_NR_WRITE. */
#define SYSDEMO_FEATURE_FILES		(1ULL << 4)
/* The page of struct sysdemo_vvar, and SYSDEMO_NR_FACTS. */
#define SYSDEMO_FEATURE_VVAR		(1ULL << 5)
#define SYSDEMO_FEATURE_RING		(1ULL << 6)
/* The commands can be given by io_uring as well. */
#define SYSDEMO_FEATURE_URING		(1ULL << 7)

/*
 * Tells what the device offers. The structure may grow: its size, which is part of the command's
 * number, is how the two sides agree. A longer one of a newer program is filled up with zeros; an
 * older program gets as much as it knows.
 * EFAULT: the structure cannot be written.
 * ENOTTY: it is smaller than in the first version.
 */
#define SYSDEMO_IOC_INFO	_IOR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_INFO, struct sysdemo_info)

/* How many calls a restriction can speak of. */
#define SYSDEMO_RESTRICT_WORDS	4
#define SYSDEMO_RESTRICT_CALLS	(64 * SYSDEMO_RESTRICT_WORDS)

/**
 * struct sysdemo_restrict - which calls may be made from now on
 * @allowed: Bit nr % 64 of word nr / 64 is set for each call that may be made. In.
 */
struct sysdemo_restrict {
	__u64 allowed[SYSDEMO_RESTRICT_WORDS];
};

/*
 * Restricts this open device, for all who have it, to calls that are allowed here and were allowed
 * before. There is no way back. A file that SYSDEMO_NR_OPEN makes is restricted alike, as the
 * device is at that time: where SYSDEMO_NR_READ or SYSDEMO_NR_WRITE is not allowed, read(2), or
 * write(2) and ftruncate(2), on the file give EPERM as well, whoever has it; so does O_TRUNC, where
 * there is something to cut. What is not allowed gives EPERM, whether there is such a call or not.
 * A call that another thread is in already goes on as it began, and a file that it opens is
 * restricted as before: restrict before there are others. 0 when it is in force, otherwise:
 * EFAULT: the structure cannot be read.
 */
#define SYSDEMO_IOC_RESTRICT	_IOW(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_RESTRICT, \
				     struct sysdemo_restrict)

/**
 * struct sysdemo_log - the log of the calls that are made through this open device
 * @flags: What is to be done: SYSDEMO_LOG_ON, SYSDEMO_LOG_OFF, or 0 to change nothing. In.
 * @capacity: With SYSDEMO_LOG_ON how many records are to be kept until they are read, 1 to
 *	SYSDEMO_LOG_CAPACITY_MAX; otherwise 0. In.
 * @state: Which it is now: SYSDEMO_LOG_ON or SYSDEMO_LOG_OFF. Out.
 * @room: How many records are kept, 0 if it was never on. Out.
 * @dropped: How many records, since the device was opened, nobody can read any more: others took
 *	their place, or the log was switched on anew. Out.
 *
 * What is in stays as it is, so that a structure can be used again for the same.
 */
struct sysdemo_log {
	__u32 flags;
	__u32 capacity;
	__u32 state;
	__u32 room;
	__u64 dropped;
};

#define SYSDEMO_LOG_ON		(1U << 0)
#define SYSDEMO_LOG_OFF		(1U << 1)

/* The most records that a log keeps. */
#define SYSDEMO_LOG_CAPACITY_MAX	128

/*
 * Switches the log on or off, for all who have this open device, or asks how it is. Each call that
 * is made then leaves a record when it ends: those of a batch one each, also those that are refused
 * and those that there are none of. One that a signal ends leaves -EINTR, each time that it is
 * made: one more if it starts again by itself. What is still there when it is switched on anew is
 * dropped.
 * 0 when it is done and told, otherwise:
 * EBUSY: it is on already, or somebody is just switching it on.
 * EFAULT: the structure cannot be read, and nothing is changed, or it cannot be written.
 * EINVAL: @flags has unknown bits or both, or @capacity is none.
 * ENOMEM: there is no memory for the records, which are charged to who switches it on. The log is
 *	off and empty then.
 */
#define SYSDEMO_IOC_LOG	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_LOG, struct sysdemo_log)

/**
 * struct sysdemo_log_record - a call that was made, as read(2) gives it
 * @time: When it ended: nanoseconds of the reader's CLOCK_MONOTONIC; 0 if that was before the clock
 *	of the reader's time namespace started.
 * @seq: Number of the record, from 0 on, whoever reads. Those that a reader misses are another
 *	reader's, or dropped. Records come in order, but for one that could not be written to
 *	somebody else: it comes late.
 * @ret: What the call gave, as in struct sysdemo_call.
 * @nr: Number of the call, as it was asked for.
 * @tid: Thread id of who made it, in the PID namespace of who switched the log on; 0 if it has none
 *	there. Told to readers in that very namespace, to others 0: no id means anything to them.
 *
 * read(2) gives as many of these as there are and fit, whole ones only, each to one reader. It
 * waits for the first if there is none, unless the device is open with O_NONBLOCK; poll(2) says if
 * it would. A log that is off can still be read, until it is empty. Room for a new record is made
 * by dropping the oldest that waits; if all that there is room for are just being copied to
 * readers, the new one is dropped.
 * EAGAIN: it would have to wait. Also if the log is off, and what was left is just being copied to
 *	another reader: if that fails it is there again.
 * EFAULT: the first cannot be written. It is not lost: the next read gets it.
 * EINVAL: there is no room for a record.
 * ENODATA: the log is off, and empty.
 *
 * To poll(2) a log that is off is POLLHUP, also one that was never on, as is a pipe that nobody
 * writes to: with POLLIN there is something left to read, without it this is ENODATA. It can be
 * switched on again.
 *
 * A record of a later version may be longer, for who switches the log on with a flag that asks for
 * it: what SYSDEMO_LOG_ON alone gives never changes.
 */
struct sysdemo_log_record {
	__u64 time;
	__u64 seq;
	__s64 ret;
	__u32 nr;
	__u32 tid;
};

/*
 * What mmap(2) of the device maps is said by the offset. To map needs a descriptor that is open for
 * reading, as that of any file. A mapping keeps the device open, as a descriptor does, whatever
 * becomes of descriptors. EINVAL: there is nothing at that offset.
 */
#define SYSDEMO_MMAP_VVAR	0	/* struct sysdemo_vvar */
#define SYSDEMO_MMAP_RING	0x10000	/* struct sysdemo_ring_head, and what it is the head of */

/**
 * struct sysdemo_clock - the kernel's clock, as it stood when the kernel last set it going
 * @seq: Changes with each update, and is odd during one.
 * @mode: SYSDEMO_CLOCK_TSC, or SYSDEMO_CLOCK_NONE: only @coarse tells anything then.
 * @coarse: CLOCK_MONOTONIC_COARSE, as all times here in nanoseconds.
 * @base: CLOCK_MONOTONIC when the time stamp counter stood at @cycles, but for @rest.
 * @rest: What is to be added to that, shifted to the left by @shift.
 * @cycles: Where the processor's time stamp counter stood.
 * @cycles_max: What lies further ahead of @cycles than that cannot be told.
 * @mult: By what a difference of the counter is to be multiplied.
 * @shift: By how many bits what comes of it is to be shifted to the right.
 *
 * The time now, as clock_gettime(CLOCK_MONOTONIC) gives it by way of the vDSO, is
 * @base + ((@rest + (counter - @cycles) * @mult) >> @shift). A counter that is behind @cycles, by a
 * little, on another processor, counts as one that stands there.
 */
struct sysdemo_clock {
	__u32 seq;
	__u32 mode;
	__u64 coarse;
	__u64 base;
	__u64 rest;
	__u64 cycles;
	__u64 cycles_max;
	__u32 mult;
	__u32 shift;
};

#define SYSDEMO_CLOCK_NONE	0
#define SYSDEMO_CLOCK_TSC	1

/**
 * struct sysdemo_counters - how often the device was opened and closed since it was there
 * @seq: Changes with each update, and is odd during one.
 * @pad: 0.
 * @opened: How often it was opened, by whomever.
 * @closed: How many of these are closed again.
 * @changed: CLOCK_MONOTONIC_COARSE at the last of either.
 */
struct sysdemo_counters {
	__u32 seq;
	__u32 pad;
	__u64 opened;
	__u64 closed;
	__u64 changed;
};

/**
 * struct sysdemo_vvar - facts to be read without a call, in a page that the module writes
 * @version: SYSDEMO_VVAR_VERSION. Never changes.
 * @size: Size of this structure; a later one may be longer. Never changes.
 * @clock: The clock.
 * @counters: How often the device was opened and closed.
 *
 * What the kernel does for clock_gettime(2) with the variables of its vDSO. Each of the two
 * structures is read like this, with what a compiler and a processor need to keep that order: its
 * @seq, again until it is even; its fields; @seq once more. If that is another one, all of it has
 * to be read again.
 *
 * A mapping is of one page, and can only be read: with PROT_WRITE or PROT_EXEC mmap(2) gives EPERM,
 * and mprotect(2) EACCES. It may be private or shared; that is the same. EINVAL: another size.
 * EPERM: the device is not allowed SYSDEMO_NR_FACTS. EOPNOTSUPP: the caller is in a time namespace
 * whose clock is set off: this is that of the host. (Who inherits the mapping and goes there later
 * sees it all the same.)
 */
struct sysdemo_vvar {
	__u32 version;
	__u32 size;
	struct sysdemo_clock clock;
	struct sysdemo_counters counters;
};

#define SYSDEMO_VVAR_VERSION	1

/**
 * struct sysdemo_ring - the rings of an open device: calls without a copy, many for one trip
 * @entries: How many submissions there is to be room for: a power of two, at most
 *	SYSDEMO_RING_ENTRIES_MAX; 0 to ask what there is. In.
 * @flags: None are known yet. Must be 0. In.
 * @size: How many bytes are to be mapped, all at once, at SYSDEMO_MMAP_RING; 0 if there are no
 *	rings. Out.
 * @sq_entries: How many submissions there is room for. Out.
 * @cq_entries: How many completions: twice as many. Out.
 * @sq: Where, in what is mapped, the first struct sysdemo_submission is. Out.
 * @cq: Where the first struct sysdemo_completion is. Out.
 * @pad: 0. Out.
 *
 * At its start is a struct sysdemo_ring_head. What is in stays as it is.
 */
struct sysdemo_ring {
	__u32 entries;
	__u32 flags;
	__u32 size;
	__u32 sq_entries;
	__u32 cq_entries;
	__u32 sq;
	__u32 cq;
	__u32 pad;
};

/* The most submissions that there can be room for. */
#define SYSDEMO_RING_ENTRIES_MAX	256

/*
 * Makes the rings of an open device, for all who have it, once and for as long as it is open. 0
 * when they are there, or asked for, and told, otherwise:
 * EBUSY: there are some already.
 * EFAULT: the structure cannot be read, and nothing is changed, or it cannot be written.
 * EINVAL: @entries is none of a power of two or too many, or @flags is not 0.
 * ENOMEM: there is no memory for them, which is charged to who makes them.
 */
#define SYSDEMO_IOC_RING	_IOWR(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_RING, struct sysdemo_ring)

/**
 * struct sysdemo_ring_head - what the two sides tell each other by way of what they share
 * @sq_head: The next submission that the module takes. Written by the module.
 * @sq_tail: One after the last submission. Written by the program.
 * @cq_head: The next completion that the program takes. Written by the program.
 * @cq_tail: One after the last completion. Written by the module.
 * @refused: How often the module stopped at a submission as there was no room for its completion.
 *	Written by the module.
 * @reserved: 0. Written by nobody.
 *
 * These are numbers that count on and on, modulo 2^32; the place of an entry is its number modulo
 * the number of entries. Who writes one does so after all that it announces (a release), who reads
 * one reads what it announces after it (an acquire).
 *
 * The module takes nothing in this memory for granted. What it has written it does not read again;
 * and of what the program writes it reads everything once. A program that writes nonsense gets
 * calls made that it did not mean, or none, and nothing else.
 */
struct sysdemo_ring_head {
	__u32 sq_head;
	__u32 sq_tail;
	__u32 cq_head;
	__u32 cq_tail;
	__u64 refused;
	__u64 reserved[5];
};

/**
 * struct sysdemo_submission - a call to be made
 * @nr: Number of the call.
 * @flags: None are known yet. Must be 0, or the call is not made and ends in -EINVAL.
 * @user_data: Comes back with the completion.
 * @args: The six registers. Not more is read of them than the call has parameters.
 */
struct sysdemo_submission {
	__u32 nr;
	__u32 flags;
	__u64 user_data;
	__u64 args[6];
};

/**
 * struct sysdemo_completion - what came of a call
 * @user_data: That of its submission.
 * @ret: As in struct sysdemo_call. -EINTR for one that a signal ended, which never starts again by
 *	itself here.
 */
struct sysdemo_completion {
	__u64 user_data;
	__s64 ret;
};

/*
 * Makes calls of the submissions, in order, as many as the argument says (a number, no pointer) or
 * as there are, in the context of who calls this: a call that sleeps, sleeps here. Each one's
 * completion is there when the call has been made, before the next one is. A signal ends it after
 * the call that it meets. Gives how many submissions it took, otherwise:
 * EAGAIN: there is no room for the completion of the first. Nothing is lost: it is there to be made
 *	when some completions have been taken.
 * EBUSY: another thread is in it. There is one at a time.
 * ENXIO: there are no rings.
 */
#define SYSDEMO_IOC_ENTER	_IO(SYSDEMO_IOC_TYPE, SYSDEMO_IOC_NR_ENTER)

/*
 * All of the commands can be given by io_uring as well (IORING_OP_URING_CMD), with their numbers in
 * cmd_op. The first 8 bytes of an entry's cmd are the argument that ioctl(2) has, as a __u64, the
 * rest is 0. An entry of 128 bytes may not have the address of the record of SYSDEMO_IOC_CALL, but
 * has the record itself there, a struct sysdemo_call, and then zeros; its ret is not looked at.
 *
 * What ioctl(2) gives, or its error, is in the completion's res. After SYSDEMO_IOC_CALL that is the
 * call's result if it fits into the 32 bits, otherwise -EOVERFLOW; where the record is the
 * program's all of it is written there, and where completions have 32 bytes all of it is in the
 * first extra word.
 *
 * What may sleep is made by a worker thread of the program's, and so holds nobody up who submits:
 * SYSDEMO_NR_SLEEP and SYSDEMO_NR_WAIT, and, whatever they are of, SYSDEMO_IOC_BATCH and
 * SYSDEMO_IOC_ENTER. Whose thread id and registers a call then sees is that worker's. To cancel the
 * request is a signal for it: the call gives -EINTR, and does not start again by itself.
 * EINVAL: uring_cmd_flags are not 0, or what has to be 0 is not.
 */

/*
 * Numbers of the calls. A number is never used for anything else again, and its meaning never
 * changes: that is what makes it an ABI.
 */
#define SYSDEMO_NR_NULL		0	/* (): does nothing, gives 0 */
#define SYSDEMO_NR_GETPID	1	/* (): as getpid(2) */
#define SYSDEMO_NR_GETTID	2	/* (): as gettid(2) */
#define SYSDEMO_NR_SUM6		3	/* (s8, u8, s16, u16, s32, u32): their sum */
#define SYSDEMO_NR_ECHO		4	/* (dst, src, size, flags): copies, gives size */
#define SYSDEMO_NR_FILL		5	/* (struct sysdemo_fill *, size): gives bytes filled */
#define SYSDEMO_NR_IDENTITY	6	/* (struct sysdemo_identity *, size): 0, or 1 if cut */
#define SYSDEMO_NR_SET_LABEL	7	/* (which, string): gives 0 */
#define SYSDEMO_NR_GET_LABEL	8	/* (which, buffer, size): gives bytes written */
/* 9 is a hole: it was never a call, as some numbers in every kernel's table never were. */
#define SYSDEMO_NR_CLEAR_LABEL	10	/* (): gives 0 */
#define SYSDEMO_NR_REGS		11	/* (struct sysdemo_regs *, size): gives 0 */
#define SYSDEMO_NR_ENTRY	12	/* (struct sysdemo_entry *, size): gives 0 */

#define SYSDEMO_NR_SUM3		13	/* (s64, u64, size_t): their sum, modulo 2^64 */

/* Calls that sleep: see struct sysdemo_time. */
#define SYSDEMO_NR_SLEEP	14	/* (struct sysdemo_time *, size): gives 0 */
#define SYSDEMO_NR_WAIT		15	/* (word, expected, struct sysdemo_time *, size): 0 */
#define SYSDEMO_NR_WAKE		16	/* (word, count): how many were woken */

#define SYSDEMO_NR_OPEN		17	/* (path, struct sysdemo_open_how *, size): gives an fd */
#define SYSDEMO_NR_MKDIR	18	/* (path, mode): gives 0 */
#define SYSDEMO_NR_UNLINK	19	/* (path): gives 0 */
#define SYSDEMO_NR_RMDIR	20	/* (path): gives 0 */
#define SYSDEMO_NR_STAT		21	/* (path, struct sysdemo_stat *, size): 0, or 1 if cut */
#define SYSDEMO_NR_LIST		22	/* (path, buffer, size, cursor): gives bytes written */
#define SYSDEMO_NR_READ		23	/* (fd, buffer, count): gives bytes read */
#define SYSDEMO_NR_WRITE	24	/* (fd, buffer, count): gives bytes written */

#define SYSDEMO_NR_FACTS	25	/* (struct sysdemo_facts *, size): gives 0 */

/* One more than the highest number: calls from here on end in ENOSYS. */
#define SYSDEMO_NR_CALLS	26

/*
 * SYSDEMO_NR_ECHO: copies @size bytes from @src to @dst, by way of the kernel: the areas may
 * overlap.
 * E2BIG: @size is larger than SYSDEMO_COPY_MAX. EFAULT: an area is not there. EINVAL: unknown
 * flags.
 */
#define SYSDEMO_ECHO_REVERSE	(1U << 0)	/* the last byte first */

/* The most bytes that SYSDEMO_NR_ECHO and SYSDEMO_NR_FILL copy. */
#define SYSDEMO_COPY_MAX	65536

/**
 * struct sysdemo_fill - what SYSDEMO_NR_FILL fills with what
 * @dst: Pointer to the area to fill.
 * @len: Its size in bytes, at most SYSDEMO_COPY_MAX.
 * @flags: SYSDEMO_FILL_*.
 * @value: The byte to fill with, 0 to 255. Added in the second version; 0 for who does not know it.
 *
 * The structure grows as that of openat2(2) does: the caller says which size it knows. One that
 * is larger than the kernel's is taken if the unknown rest is zero, otherwise refused with E2BIG.
 */
struct sysdemo_fill {
	__u64 dst;
	__u64 len;
	__u64 flags;
	__u64 value;
};

#define SYSDEMO_FILL_SIZE_VER0	24
#define SYSDEMO_FILL_SIZE_VER1	32

#define SYSDEMO_FILL_COUNT	(1ULL << 0)	/* each byte is one more than the last */

/**
 * struct sysdemo_identity - who is calling, as SYSDEMO_NR_IDENTITY tells
 * @uid: Real user id, like all ids here as the caller's user namespace maps it. One that is not
 *	mapped there is told as the overflow id, as by getuid(2).
 * @euid: Effective user id.
 * @suid: Saved user id.
 * @fsuid: User id for file systems.
 * @gid: Real group id.
 * @egid: Effective group id.
 * @sgid: Saved group id.
 * @fsgid: Group id for file systems.
 * @cap_effective: Effective capabilities, bit 1 << CAP_*.
 * @user_ns_level: How deep the caller's user namespace is; 0 is the initial one.
 * @no_new_privs: 1 if execve() can give no more rights, otherwise 0.
 * @seccomp_mode: 0 none, 1 strict, 2 filter. Added in the second version.
 * @pad: 0. Added in the second version.
 *
 * The call gives 1 if the structure is of the first version and a filter is in force, which it has
 * no room to say; otherwise 0.
 */
struct sysdemo_identity {
	__u32 uid;
	__u32 euid;
	__u32 suid;
	__u32 fsuid;
	__u32 gid;
	__u32 egid;
	__u32 sgid;
	__u32 fsgid;
	__u64 cap_effective;
	__u32 user_ns_level;
	__u32 no_new_privs;
	__u32 seccomp_mode;
	__u32 pad;
};

#define SYSDEMO_IDENTITY_SIZE_VER0	48
#define SYSDEMO_IDENTITY_SIZE_VER1	56

/*
 * Labels: short strings, there to be guarded. EINVAL: no such label. ENAMETOOLONG: longer than
 * SYSDEMO_LABEL_MAX bytes. ERANGE: the buffer is too small; nothing is written. The string that is
 * given out ends in a zero byte, which counts. EPERM: to set the module's takes CAP_SYS_ADMIN in
 * the initial user namespace, to set that of the open device the same in the caller's own.
 */
#define SYSDEMO_LABEL_MODULE	0	/* the module's */
#define SYSDEMO_LABEL_SESSION	1	/* this open device's */
#define SYSDEMO_LABEL_MAX	63

/*
 * SYSDEMO_NR_CLEAR_LABEL empties the module's label. What counts is whether who opened the device
 * had CAP_SYS_ADMIN then, in the initial user namespace, not who calls now.
 */

/**
 * struct sysdemo_regs - the caller's user registers, as the kernel's entry saved them
 * @nr: Number of the real system call that brought the caller here (ioctl's).
 * @args: Its six arguments, in the order of the entry that was used.
 * @ip: Where the caller goes on.
 * @sp: Its stack pointer.
 * @flags: Its flags register.
 * @cx: rcx: after SYSCALL the same as @ip, for the instruction overwrites it.
 * @r11: r11: after SYSCALL the same as @flags.
 * @cs: Its code segment.
 * @ss: Its stack segment.
 * @compat: 1 if it came by the door of 32-bit callers, otherwise 0.
 * @pad: 0.
 */
struct sysdemo_regs {
	__u64 nr;
	__u64 args[6];
	__u64 ip;
	__u64 sp;
	__u64 flags;
	__u64 cx;
	__u64 r11;
	__u32 cs;
	__u32 ss;
	__u32 compat;
	__u32 pad;
};

#define SYSDEMO_REGS_SIZE_VER0	112

/**
 * struct sysdemo_entry - how this CPU enters the kernel, as SYSDEMO_NR_ENTRY tells
 * @mechanism: SYSDEMO_ENTRY_SYSCALL or SYSDEMO_ENTRY_FRED.
 * @kernel_cs: The code segment that SYSCALL switches to (STAR, bits 47:32).
 * @user_cs: The one that SYSRET derives the user's from (STAR, bits 63:48).
 * @lstar: Where SYSCALL jumps to; 0 for who lacks CAP_SYSLOG, as it tells where the kernel is. (The
 *	sysctl kernel.kptr_restrict is not asked: it is not for modules to read.)
 * @fmask: The flags that SYSCALL clears.
 * @features: SYSDEMO_ENTRY_* bits: what guards the way in.
 *
 * With FRED the registers of SYSCALL are not used; what is there is told all the same.
 * EPERM: the caller lacks CAP_SYS_RAWIO, or the kernel is locked down for confidentiality.
 */
struct sysdemo_entry {
	__u32 mechanism;
	__u16 kernel_cs;
	__u16 user_cs;
	__u64 lstar;
	__u64 fmask;
	__u64 features;
};

#define SYSDEMO_ENTRY_SIZE_VER0	32

#define SYSDEMO_ENTRY_SYSCALL	0
#define SYSDEMO_ENTRY_FRED	1

#define SYSDEMO_ENTRY_SMEP	(1ULL << 0)	/* the kernel cannot execute user memory */
#define SYSDEMO_ENTRY_SMAP	(1ULL << 1)	/* nor touch it by mistake */
#define SYSDEMO_ENTRY_UMIP	(1ULL << 2)	/* users cannot read descriptor tables' addresses */
#define SYSDEMO_ENTRY_PTI	(1ULL << 3)	/* the kernel is not mapped while users run */
#define SYSDEMO_ENTRY_FSGSBASE	(1ULL << 4)	/* users may set the bases of FS and GS */
#define SYSDEMO_ENTRY_IBT	(1ULL << 5)	/* indirect branches land where they should */
#define SYSDEMO_ENTRY_USER_SHSTK (1ULL << 6)	/* users may have shadow stacks */
#define SYSDEMO_ENTRY_RETPOLINE	(1ULL << 7)	/* indirect branches are not predicted */
#define SYSDEMO_ENTRY_IBRS	(1ULL << 8)	/* prediction is restricted on the way in */
#define SYSDEMO_ENTRY_UNRET	(1ULL << 9)	/* returns are trained on the way in (Retbleed) */
#define SYSDEMO_ENTRY_CLEAR_BUF	(1ULL << 10)	/* CPU buffers are cleared on the way out (MDS) */

/**
 * struct sysdemo_time - how long to sleep
 * @flags: SYSDEMO_TIME_*.
 * @time: Nanoseconds of CLOCK_MONOTONIC from now on, or with SYSDEMO_TIME_ABSOLUTE the time of that
 *	clock to sleep until. EINVAL: it is negative. If a signal ends the sleep, what remains is
 *	written here; a time that is absolute stays as it is.
 *
 * Made again with the same structure, a call that a signal ended goes on with what remains. That is
 * also how it starts again by itself after a signal without a handler: a stop and continue. As with
 * select(2), the time for which a program was stopped is not slept.
 */
struct sysdemo_time {
	__u64 flags;
	__s64 time;
};

#define SYSDEMO_TIME_SIZE_VER0	16

#define SYSDEMO_TIME_ABSOLUTE	(1ULL << 0)

/*
 * SYSDEMO_NR_SLEEP: sleeps, as clock_nanosleep(2).
 * EINTR: a signal's handler ran, with SA_RESTART as well as without.
 */

/*
 * SYSDEMO_NR_WAIT: sleeps if a word has a value, until it is woken, as FUTEX_WAIT_PRIVATE. Looking
 * at the word and starting to wait are one: who changes it and then wakes, wakes who saw the old
 * value. Gives 0 to who was woken, whatever else happened at the same time.
 *
 * With NULL and a size of 0 in place of the structure it waits for as long as it takes.
 *
 * Who waits and who wakes meet if they share the open device, the memory (not a copy of it: a child
 * after fork() has words of its own) and the address.
 * EAGAIN: the word has another value. EINVAL: its address is no multiple of 4. EFAULT: it cannot be
 * read. ETIMEDOUT: the time is up. EINTR: a signal's handler ran; one with SA_RESTART only if there
 * is a time. ENOSPC: SYSDEMO_WAITERS_MAX wait on this open device.
 */

/* How many can wait on one open device. */
#define SYSDEMO_WAITERS_MAX	256

/*
 * SYSDEMO_NR_WAKE: wakes those who wait for a word, in the order in which they came, at most as
 * many as it is told, and gives how many. The word is not looked at.
 * EINVAL: its address is no multiple of 4. EFAULT: it is not one of user space.
 */

/*
 * The tree: directories and files in memory, one tree for all who have the device. Its root belongs
 * to root and has the mode 01777, as /tmp has. It lasts as long as the module is loaded.
 *
 * A path is a string of at most PATH_MAX bytes with the zero at its end, which may hold any byte.
 * There is no current directory: every path starts at the root of the tree, with or without a slash
 * in front. ".." of the root is the root. There are no links of any kind.
 *
 * What all calls with a path answer, as real system calls do, in the order in which it is met:
 * EFAULT: the path cannot be read. ENAMETOOLONG: it is too long, or one of its names, of which each
 * may have 255 bytes. ENOENT: it is empty, or a directory on the way is not there. EACCES: the
 * caller may not search a directory on the way. ENOTDIR: something on the way is not a directory.
 *
 * Rights are those of files: the caller's file system user and group id and its supplementary
 * groups are compared with owner, group and mode, and CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and
 * CAP_FOWNER count where owner and group have a meaning in the caller's user namespace.
 *
 * What is made takes from the caller its file system ids, which are the owner and the group, and
 * its umask. EDQUOT: the user would have more, or larger, files and directories than one may have.
 * ENOSPC: all of them together would. Both limits are parameters of the module.
 */

/**
 * struct sysdemo_open_how - how SYSDEMO_NR_OPEN is to open
 * @flags: O_*, with the values that open(2) has for them.
 * @mode: Permissions of what is made with O_CREAT: bits in 07777; 0 without O_CREAT.
 * @resolve: RESOLVE_*, with the values that openat2(2) has for them.
 *
 * The structure is that of openat2(2) and grows as that does.
 *
 * SYSDEMO_NR_OPEN opens a file or a directory and gives a descriptor for it, a real one: read(2),
 * write(2), lseek(2), fstat(2), ftruncate(2), dup(2), sendfile(2) and close(2) are made for it. It
 * is the lowest that is free and outlives the device's. It can be used when the ioctl has returned,
 * not as soon as the record tells it: who looks there meanwhile may find it closed. (What else one
 * may try with it: to map it gives ENODEV, to open it anew by /proc/<pid>/fd ENXIO, unless with
 * O_PATH, to change its mode, owner or times EOPNOTSUPP; a directory is read by SYSDEMO_NR_LIST
 * only, and to all but fstat(2) it is a file that cannot be read.) It answers as openat2(2) does
 * that is given the root of the tree as its directory, and checks in the same order: the structure,
 * a descriptor, the path, the way, the permissions, the file. What differs: ENOMEM and ENFILE may
 * come sooner or later than there, and the setting fs.protected_regular is not looked at (O_EXCL is
 * the cure).
 *
 * Nothing is left behind by a call that fails. If the call is made, but its result cannot be
 * written (EFAULT of the ioctl), the file is closed again, but has its name, or is cut.
 *
 * The flags have the meanings that they have there. What this tree has no use for is taken and does
 * nothing: O_NOCTTY, O_NONBLOCK, O_NOFOLLOW, O_LARGEFILE, O_SYNC, O_DSYNC, O_ASYNC, and
 * RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS. With RESOLVE_BENEATH a path that
 * starts with a slash or leads above the root is refused; without it, and with RESOLVE_IN_ROOT, it
 * does not lead above it. With RESOLVE_CACHED only what is there is found.
 *
 * Set-id bits of @mode are not kept: nothing in this tree is executed.
 *
 * EINVAL or E2BIG: no version of the structure has that size, or the rest is not zero (E2BIG).
 * EINVAL: unknown flags, or flags that do not go together (O_CREAT and O_DIRECTORY, RESOLVE_BENEATH
 * and RESOLVE_IN_ROOT), or one that is for other files (O_PATH, O_TMPFILE, O_DIRECT, O_EMPTYPATH);
 * a mode without O_CREAT or with other bits. EMFILE: the caller has too many files open. EXDEV:
 * RESOLVE_BENEATH forbids it. EAGAIN: RESOLVE_CACHED with O_CREAT or O_TRUNC, or nothing is there.
 * EEXIST: O_EXCL, and it is there. EISDIR: a directory, to be written or made. EFTYPE:
 * OPENAT2_REGULAR, and it is a directory. ENOTDIR: O_DIRECTORY or a slash at the end, and it is
 * none. EACCES: the caller may not. EPERM: O_NOATIME by who does not own it, or O_TRUNC by way of a
 * device that is not allowed SYSDEMO_NR_WRITE.
 */
struct sysdemo_open_how {
	__u64 flags;
	__u64 mode;
	__u64 resolve;
};

#define SYSDEMO_OPEN_HOW_SIZE_VER0	24

/*
 * SYSDEMO_NR_MKDIR makes a directory, as mkdir(2). Of its mode the bits in 01777 count.
 * EEXIST: something is there already, be it the root, "." or "..".
 *
 * SYSDEMO_NR_UNLINK takes a file's name away, as unlink(2); the file lasts until it is closed.
 * EISDIR: it is a directory. ENOTDIR: it is none, and there is a slash at the end.
 *
 * SYSDEMO_NR_RMDIR takes an empty directory away, as rmdir(2).
 * ENOTDIR: it is none. ENOTEMPTY: it is not empty, or the last name is "..". EBUSY: it is the root.
 * EINVAL: the last name is ".".
 *
 * All three: EACCES: the caller may not write or search the directory that it is in, or is to be.
 * The latter two: EPERM: that directory is sticky, and neither it nor the thing is the caller's.
 */

/**
 * struct sysdemo_stat - what a file or directory is, as SYSDEMO_NR_STAT and fstat(2) tell
 * @ino: Its number. It is never used again.
 * @size: A file's size in bytes; 0 for a directory.
 * @blocks: How many units of 512 bytes it takes: what was never written takes none.
 * @mtime: When it was last written, or a name made or taken away in it; like all times here in
 *	nanoseconds since 1970.
 * @ctime: When anything of it was last changed.
 * @btime: When it was made.
 * @mode: S_IFREG or S_IFDIR, and the permissions.
 * @nlink: 1 for a file, 0 once its name is gone; 2 for a directory and 1 for each one in it, 0 once
 *	it is gone.
 * @uid: Owner, as the caller's user namespace maps it, or the overflow id.
 * @gid: Group, alike.
 *
 * The times are those of the kernel's clock ticks, as for any file. To read leaves no trace: what
 * fstat(2) tells as the last access is @btime.
 *
 * SYSDEMO_NR_STAT: EINVAL or E2BIG: no version of the structure has that size. EFAULT: it cannot be
 * written. ENOENT: nothing is there. ENOTDIR: a slash at the end of a file's path.
 */
struct sysdemo_stat {
	__u64 ino;
	__u64 size;
	__u64 blocks;
	__u64 mtime;
	__u64 ctime;
	__u64 btime;
	__u32 mode;
	__u32 nlink;
	__u32 uid;
	__u32 gid;
};

#define SYSDEMO_STAT_SIZE_VER0	64

/**
 * struct sysdemo_dirent - the head of a record of SYSDEMO_NR_LIST
 * @ino: Number of what has the name.
 * @cursor: Where the list goes on after this record; never 0.
 * @size: Size of the record: this, the name, and zeros up to a multiple of 8 bytes, at least one.
 * @name_len: Length of the name, without the zeros.
 * @type: DT_REG or DT_DIR, as readdir(3) has them.
 * @pad: 0.
 *
 * SYSDEMO_NR_LIST writes a record for each name in a directory, as many as the buffer has room for,
 * and gives the bytes written; 0 says that there are no more. It starts at a cursor: 0 is the
 * beginning, and the last record has the one to go on with. Names come in the order in which they
 * were made; "." and ".." are not among them. What is there all the while is listed exactly once,
 * whatever is made or taken away meanwhile.
 *
 * ENOENT: nothing is there. ENOTDIR: it is no directory. EACCES: the caller may not read it.
 * EINVAL: the buffer is too small for the next record. EFAULT: it cannot be written; a part of it
 * may have been. One call writes at most SYSDEMO_COPY_MAX bytes, however large the buffer is.
 */
struct sysdemo_dirent {
	__u64 ino;
	__u64 cursor;
	__u32 size;
	__u16 name_len;
	__u8 type;
	__u8 pad;
};

/*
 * SYSDEMO_NR_READ and SYSDEMO_NR_WRITE do what read(2) and write(2) do with a file of this tree, at
 * the position that they share with those. EBADF: there is no such descriptor, or it is not of
 * SYSDEMO_NR_OPEN, or not open for that. EFAULT: not one byte could be copied; if some could, their
 * number is given; or the buffer, as long as it is said to be, reaches beyond the caller's part of
 * memory. EISDIR: it is a directory. EINVAL: the position and the count are more than a position
 * can be. EPERM: the device that opened the file was not allowed that call.
 *
 * A write is made in pieces of SYSDEMO_COPY_MAX bytes. A piece, and so a write that is no longer,
 * is made as a whole: no other write gets between its bytes, and with O_APPEND it is at what is the
 * end then. (Who reads more than a page meanwhile may get some of it.) Between the pieces of a
 * longer one others may write as well, unless they share its position.
 * EFBIG: the position is at or beyond the largest size that a file may have, a parameter of the
 * module, or beyond RLIMIT_FSIZE, which raises SIGXFSZ as well. If some bytes fit, those are
 * written. EDQUOT and ENOSPC: as above, and nothing of that piece is written. What ends a write
 * after its first piece is told by the next one: it gives the number of bytes that are written.
 */

/**
 * struct sysdemo_facts - what struct sysdemo_vvar tells, for who asks by SYSDEMO_NR_FACTS
 * @time: The caller's CLOCK_MONOTONIC.
 * @coarse: The caller's CLOCK_MONOTONIC_COARSE.
 * @opened: How often the device was opened, by whomever.
 * @closed: How many of these are closed again.
 *
 * EINVAL or E2BIG: no version of the structure has that size. EFAULT: it cannot be written.
 */
struct sysdemo_facts {
	__u64 time;
	__u64 coarse;
	__u64 opened;
	__u64 closed;
};

#define SYSDEMO_FACTS_SIZE_VER0	32

#endif /* _UAPI_LINUX_SYSDEMO_H */
