/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions in C that Rust calls. The C files that define them include this, so that the C
 * compiler compares; bindgen makes Rust's declarations from it.
 */
#ifndef _SYSDEMO_SHIMS_H
#define _SYSDEMO_SHIMS_H

#include <linux/types.h>

struct file;
struct fs_context;
struct inode;
struct io_uring_cmd;
struct kiocb;
struct notifier_block;
struct pt_regs;
struct super_operations;
struct timekeeper;

/* trace/events.c, by way of CREATE_RUST_TRACE_POINTS: pass a hit on to the probes. */
void rust_do_trace_sys_enter(unsigned int nr, const unsigned long long *args);
void rust_do_trace_sys_exit(unsigned int nr, long long ret);
void rust_do_trace_open_stage(unsigned int stage, long long ret);
void rust_do_trace_open_undo(unsigned int stage);

/* bridge/file.c */
void sysdemo_open_stream(struct inode *inode, struct file *file);
int sysdemo_kiocb_may_wait(const struct kiocb *iocb);

/* bridge/time.c */
long long sysdemo_monotonic_for_current(long long time);
long long sysdemo_monotonic_to_host(long long time);

/* bridge/timekeeper.c: the fields of struct sysdemo_clock. The other two are the kernel's own. */
struct sysdemo_timekeeper {
	unsigned long long coarse;
	unsigned long long base;
	unsigned long long rest;
	unsigned long long cycles;
	unsigned long long cycles_max;
	unsigned int mult;
	unsigned int shift;
	int is_tsc;
};

void sysdemo_read_timekeeper(const struct timekeeper *tk, struct sysdemo_timekeeper *out);
int pvclock_gtod_register_notifier(struct notifier_block *nb);
int pvclock_gtod_unregister_notifier(struct notifier_block *nb);

/* bridge/uring.c */
#define SYSDEMO_URING_WORDS	10	/* what an entry of the larger kind has room for */
struct sysdemo_uring_request {
	unsigned long long words[SYSDEMO_URING_WORDS];
	struct file *file;
	unsigned int op;
	unsigned int flags;
	int is_wide;
	int may_wait;
	int is_compat;
	int has_room;
};

void sysdemo_uring_read(const struct io_uring_cmd *cmd, unsigned int issue_flags,
			struct sysdemo_uring_request *out);
void sysdemo_uring_done(struct io_uring_cmd *cmd, int res, unsigned long long all, int has_room,
			unsigned int issue_flags);

/* bridge/arch/x86.c */
const struct pt_regs *sysdemo_current_pt_regs(void);
int sysdemo_in_ia32_syscall(void);
int sysdemo_read_msr(unsigned int number, unsigned long long *value);
unsigned long long sysdemo_entry_features(void);
int sysdemo_entry_is_fred(void);

/* bridge/sleep.c */
void sysdemo_begin_sleep(void);
void sysdemo_end_sleep(void);

/* bridge/user_memory.c */
int sysdemo_access_ok(const void *from, unsigned long size);
int sysdemo_word_access_ok(const unsigned int *from);
int sysdemo_get_user(unsigned int *word, const unsigned int *from);
#define SYSDEMO_READ_WORDS	7	/* a struct sysdemo_call without its result */
int sysdemo_read_words(unsigned long long *to, const void *from);
int sysdemo_write_word(void *to, unsigned long long word);
struct sysdemo_asked {
	unsigned long long head;
	unsigned long long args[6];
};

#define SYSDEMO_NOT_WRITTEN	1
#define SYSDEMO_NOT_READ	2
int sysdemo_answer_and_read(void *record, unsigned long long ret, struct sysdemo_asked *to,
			    unsigned long long without);

/* bridge/pseudo_fs.c */
#define SYSDEMO_FS_MAGIC	0x73797364	/* what fstatfs(2) tells: "sysd" */
int sysdemo_init_pseudo(struct fs_context *fc, const struct super_operations *ops);
int sysdemo_inode_is_new(struct inode *inode);
void sysdemo_lock_inode(struct inode *inode);
void sysdemo_unlock_inode(struct inode *inode);
void sysdemo_set_size(struct inode *inode, long long size);
void sysdemo_allow_positions(struct file *file);
int sysdemo_may_read(const struct file *file);
int sysdemo_may_write(const struct file *file);
int sysdemo_appends(const struct kiocb *iocb);
void sysdemo_lock_position(struct file *file);
void sysdemo_unlock_position(struct file *file);
int sysdemo_is_being_killed(void);
int sysdemo_current_umask(void);

#endif /* _SYSDEMO_SHIMS_H */
