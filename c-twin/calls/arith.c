// SPDX-License-Identifier: GPL-2.0
/*
 * The call that does nothing, and those that only show what arrives in the parameters.
 *
 * Twin: rust_sysdemo/calls/null.rs, arith.rs
 */
#include "define.h"

SDC_DEFINE0(null)
{
	return 0;
}

/* Modulo two to the power of 64. */
SDC_DEFINE3(sum3, __s64, a, __u64, b, size_t, c)
{
	return (u64)a + b + c;
}

/* Cannot overflow: each number fits in 33 bits with its sign. */
SDC_DEFINE6(sum6, __s8, a, __u8, b, __s16, c, __u16, d, __s32, e, __u32, f)
{
	return (s64)a + b + c + d + e + f;
}
