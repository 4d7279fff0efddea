// SPDX-License-Identifier: GPL-2.0
/*
 * What of user memory is a macro in C, for Rust to call.
 */
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
