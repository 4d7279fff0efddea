// SPDX-License-Identifier: GPL-2.0
/*
 * What of user memory is a macro in C, for Rust to call.
 */
#include <linux/fault-inject-usercopy.h>
#include <linux/uaccess.h>

#include "shims.h"

/* Whether addresses may be those of user memory, whatever is there. */
int sysdemo_access_ok(const void *from, unsigned long size)
{
	return access_ok((const void __user *)from, size);
}

/*
 * The same for a word. Of a size that the compiler knows to be small only the beginning is looked
 * at: so it is for futex(2), and the answers are to be the same.
 */
int sysdemo_word_access_ok(const unsigned int *from)
{
	return access_ok((const unsigned int __user *)from, sizeof(*from));
}

/* Reads an aligned word at once: another thread's store is seen as a whole or not at all. */
int sysdemo_get_user(unsigned int *word, const unsigned int *from)
{
	return get_user(*word, (const unsigned int __user *)from);
}

/*
 * Reads words, each of them at once. For a size that is known and small this takes half of what the
 * functions for any size do. They are a chance to fail for who makes faults, and so is this.
 */
int sysdemo_read_words(unsigned long long *to, const void *from)
{
	const unsigned long long __user *words = (const unsigned long long __user *)from;

	if (should_fail_usercopy())
		return -EFAULT;
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
		return copy_from_user(to, words, SYSDEMO_READ_WORDS * sizeof(*to)) ? -EFAULT : 0;
	if (!user_read_access_begin(words, SYSDEMO_READ_WORDS * sizeof(*to)))
		return -EFAULT;
	/* A loop would cost as much again. */
	unsafe_get_user(to[0], &words[0], fault);
	unsafe_get_user(to[1], &words[1], fault);
	unsafe_get_user(to[2], &words[2], fault);
	unsafe_get_user(to[3], &words[3], fault);
	unsafe_get_user(to[4], &words[4], fault);
	unsafe_get_user(to[5], &words[5], fault);
	unsafe_get_user(to[6], &words[6], fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Writes a word, alike. */
int sysdemo_write_word(void *to, unsigned long long word)
{
	if (should_fail_usercopy())
		return -EFAULT;
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
		return copy_to_user((void __user *)to, &word, sizeof(word)) ? -EFAULT : 0;
	return put_user(word, (unsigned long long __user *)to);
}

/*
 * Writes the result of a record and reads what is asked for in the one that follows it, for one way
 * into user memory. Of a call whose bit is set in `without` the registers stay as they are: it has
 * no parameters. See struct sysdemo_call.
 */
int sysdemo_answer_and_read(void *record, unsigned long long ret, struct sysdemo_asked *to,
			    unsigned long long without)
{
	unsigned long long __user *words = (unsigned long long __user *)record;
	unsigned long long __user *next = words + SYSDEMO_READ_WORDS + 1;
	const bool no_write = should_fail_usercopy(), no_read = should_fail_usercopy();
	unsigned long long head, last;
	unsigned int nr;

	if (no_write)
		return SYSDEMO_NOT_WRITTEN;
	if (no_read || !IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) ||
	    !user_access_begin(words, 2 * (SYSDEMO_READ_WORDS + 1) * sizeof(*words))) {
		/* One after the other: the first may be there, if the second is not. */
		if (sysdemo_write_word(record + SYSDEMO_READ_WORDS * sizeof(ret), ret))
			return SYSDEMO_NOT_WRITTEN;
		if (no_read || sysdemo_read_words((unsigned long long *)to, (void *)next))
			return SYSDEMO_NOT_READ;
		return 0;
	}
	unsafe_put_user(ret, &words[SYSDEMO_READ_WORDS], not_written);
	unsafe_get_user(head, next, not_read);
	to->head = head;
	/* All of it has to be there, whatever is used of it; no other page is between the two. */
	unsafe_get_user(last, &next[6], not_read);
	/* The first half of it, in memory. */
	memcpy(&nr, &head, sizeof(nr));
	if (nr >= 64 || !(without >> nr & 1)) {
		unsafe_get_user(to->args[0], &next[1], not_read);
		unsafe_get_user(to->args[1], &next[2], not_read);
		unsafe_get_user(to->args[2], &next[3], not_read);
		unsafe_get_user(to->args[3], &next[4], not_read);
		unsafe_get_user(to->args[4], &next[5], not_read);
		to->args[5] = last;
	}
	user_access_end();
	return 0;
not_written:
	user_access_end();
	return SYSDEMO_NOT_WRITTEN;
not_read:
	user_access_end();
	return SYSDEMO_NOT_READ;
}
