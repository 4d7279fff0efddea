/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a call is defined: SDC_DEFINE0() to SDC_DEFINE6() do for the module what SYSCALL_DEFINE0() to
 * SYSCALL_DEFINE6() do for the kernel, by the same means. The body is a function with typed
 * parameters. What is called is a wrapper, which takes each register as a long and casts it down,
 * so that dirt in the upper half of a register never reaches the body (CVE-2009-0029). Beside it
 * goes what SYSDEMO_IOC_TABLE tells of the call.
 *
 * Twin: rust_sysdemo/syscall/define.rs, regs.rs, pointer.rs
 */
#ifndef SDC_DEFINE_H
#define SDC_DEFINE_H

#include <linux/syscalls.h>

#include "twin.h"

/* To clang it may be an attribute, which would be a part of a type's name. sparse needs it. */
#ifndef __CHECKER__
#undef __user
#define __user
#endif

#define SDC_DEFINE1(name, ...) SDC_DEFINE_CALL(1, name, __VA_ARGS__)
#define SDC_DEFINE2(name, ...) SDC_DEFINE_CALL(2, name, __VA_ARGS__)
#define SDC_DEFINE3(name, ...) SDC_DEFINE_CALL(3, name, __VA_ARGS__)
#define SDC_DEFINE4(name, ...) SDC_DEFINE_CALL(4, name, __VA_ARGS__)
#define SDC_DEFINE5(name, ...) SDC_DEFINE_CALL(5, name, __VA_ARGS__)
#define SDC_DEFINE6(name, ...) SDC_DEFINE_CALL(6, name, __VA_ARGS__)

#define __SDC_PARAMETER(t, a) { .type = #t, .name = #a }

/* The number is the caller's to know: see table.c. A name that is too long does not compile. */
#define __SDC_DESCRIBE(x, sname, ...)						\
	static_assert(sizeof(#sname) <= SYSDEMO_NAME_SIZE);			\
	const struct sysdemo_table sdc_description_##sname = {			\
		.count = x,							\
		.name = #sname,							\
		.parameters = { __MAP(x, __SDC_PARAMETER, __VA_ARGS__) },	\
	}

#define SDC_DEFINE0(sname)							\
	__SDC_DESCRIBE(0, sname);						\
	static __always_inline s64 __do_sdc_call_##sname(struct sdc_context *ctx);	\
	s64 sdc_call_##sname(struct sdc_context *ctx, const u64 *args)		\
	{									\
		return __do_sdc_call_##sname(ctx);					\
	}									\
	static __always_inline s64 __do_sdc_call_##sname(struct sdc_context *ctx)

#define SDC_DEFINE_CALL(x, sname, ...)						\
	__SDC_DESCRIBE(x, sname, __VA_ARGS__);					\
	static __always_inline s64						\
	__do_sdc_call_##sname(struct sdc_context *ctx, __MAP(x, __SC_DECL, __VA_ARGS__)); \
	static __always_inline s64						\
	__se_sdc_call_##sname(struct sdc_context *ctx, __MAP(x, __SC_LONG, __VA_ARGS__)) \
	{									\
		__MAP(x, __SC_TEST, __VA_ARGS__);				\
		return __do_sdc_call_##sname(ctx, __MAP(x, __SC_CAST, __VA_ARGS__));	\
	}									\
	s64 sdc_call_##sname(struct sdc_context *ctx, const u64 *args)		\
	{									\
		return __se_sdc_call_##sname(ctx,					\
			__MAP(x, __SC_ARGS, u64, args[0], u64, args[1], u64, args[2], \
			      u64, args[3], u64, args[4], u64, args[5]));	\
	}									\
	static __always_inline s64						\
	__do_sdc_call_##sname(struct sdc_context *ctx, __MAP(x, __SC_DECL, __VA_ARGS__))

#endif /* SDC_DEFINE_H */
