/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the module: a mirror of raw_syscalls:sys_enter and raw_syscalls:sys_exit, and what
 * becomes of an open on its way.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sysdemo

#if !defined(_TRACE_SYSDEMO_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SYSDEMO_H

#include <linux/tracepoint.h>

TRACE_EVENT(sys_enter,

	TP_PROTO(unsigned int nr, const unsigned long long *args),

	TP_ARGS(nr, args),

	TP_STRUCT__entry(
		__field(unsigned int, nr)
		__array(unsigned long long, args, 6)
	),

	TP_fast_assign(
		__entry->nr = nr;
		memcpy(__entry->args, args, sizeof(__entry->args));
	),

	TP_printk("NR %u (%llx, %llx, %llx, %llx, %llx, %llx)", __entry->nr,
		  __entry->args[0], __entry->args[1], __entry->args[2],
		  __entry->args[3], __entry->args[4], __entry->args[5])
);

TRACE_EVENT(sys_exit,

	TP_PROTO(unsigned int nr, long long ret),

	TP_ARGS(nr, ret),

	TP_STRUCT__entry(
		__field(unsigned int, nr)
		__field(long long, ret)
	),

	TP_fast_assign(
		__entry->nr = nr;
		__entry->ret = ret;
	),

	TP_printk("NR %u = %lld", __entry->nr, __entry->ret)
);

/* The stages of SYSDEMO_NR_OPEN, as fs/open.rs numbers them. */
#define show_stage(stage)			\
	__print_symbolic(stage,			\
			 { 0, "descriptor" },	\
			 { 1, "way" },		\
			 { 2, "permission" },	\
			 { 3, "file" },		\
			 { 4, "install" })

TRACE_EVENT(open_stage,

	TP_PROTO(unsigned int stage, long long ret),

	TP_ARGS(stage, ret),

	TP_STRUCT__entry(
		__field(unsigned int, stage)
		__field(long long, ret)
	),

	TP_fast_assign(
		__entry->stage = stage;
		__entry->ret = ret;
	),

	TP_printk("%s = %lld", show_stage(__entry->stage), __entry->ret)
);

TRACE_EVENT(open_undo,

	TP_PROTO(unsigned int stage),

	TP_ARGS(stage),

	TP_STRUCT__entry(
		__field(unsigned int, stage)
	),

	TP_fast_assign(
		__entry->stage = stage;
	),

	TP_printk("%s", show_stage(__entry->stage))
);

#endif /* _TRACE_SYSDEMO_H */

/* define_trace.h reads this file again, by these names. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE sysdemo
#include <trace/define_trace.h>
