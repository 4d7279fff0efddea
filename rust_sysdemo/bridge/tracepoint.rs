// SPDX-License-Identifier: GPL-2.0

//! The module's tracepoints.
//!
//! They are defined in C, in `trace/sysdemo.h`, as the kernel offers no other way. `declare_trace!`
//! of the `kernel` crate reaches only those that are in the kernel's own bindings, hence the
//! declarations here.
//!
//! A tracepoint that is off costs one no-op instruction: its branch is patched in when it is
//! switched on.
//!
//! C header: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h)

use super::shims;
use crate::uapi::SYSDEMO_ARGS_MAX;
use kernel::{
    bindings,
    jump_label::static_branch_unlikely, //
};

/// The tracepoints that `trace/events.c` defines.
mod c {
    use kernel::bindings;

    // The key of a lock class in it is an empty structure unless lockdep is on; only its address
    // ever matters.
    #[allow(improper_ctypes)]
    extern "C" {
        #[cfg(CONFIG_TRACEPOINTS)]
        pub(super) static __tracepoint_sys_enter: bindings::tracepoint;
        #[cfg(CONFIG_TRACEPOINTS)]
        pub(super) static __tracepoint_sys_exit: bindings::tracepoint;
        #[cfg(CONFIG_TRACEPOINTS)]
        pub(super) static __tracepoint_open_stage: bindings::tracepoint;
        #[cfg(CONFIG_TRACEPOINTS)]
        pub(super) static __tracepoint_open_undo: bindings::tracepoint;
    }
}

/// Whether somebody listens to a tracepoint; never in a kernel without any.
macro_rules! is_on {
    ($name:ident) => {{
        #[cfg(CONFIG_TRACEPOINTS)]
        {
            // SAFETY: The key is that of a tracepoint which `trace/events.c` defines.
            unsafe { static_branch_unlikely!(c::$name, bindings::tracepoint, key) }
        }
        #[cfg(not(CONFIG_TRACEPOINTS))]
        false
    }};
}

/// Whether somebody listens to [`sys_enter`].
#[inline(always)]
pub(crate) fn sys_enter_is_on() -> bool {
    is_on!(__tracepoint_sys_enter)
}

/// The event `sysdemo:sys_enter`: a call is about to be made. For when [`sys_enter_is_on`].
pub(crate) fn sys_enter(nr: u32, args: &[u64; SYSDEMO_ARGS_MAX as usize]) {
    // SAFETY: The probes read six numbers at `args`, and only during the call.
    unsafe { shims::rust_do_trace_sys_enter(nr, args.as_ptr()) };
}

/// The event `sysdemo:sys_exit`: a call has been made.
#[inline(always)]
pub(crate) fn sys_exit(nr: u32, ret: i64) {
    if is_on!(__tracepoint_sys_exit) {
        // SAFETY: The probes take two numbers.
        unsafe { shims::rust_do_trace_sys_exit(nr, ret) };
    }
}

/// The event `sysdemo:open_stage`: a stage of an open is done, or has failed with an error number.
pub(crate) fn open_stage(stage: u32, ret: i64) {
    if is_on!(__tracepoint_open_stage) {
        // SAFETY: The probes take two numbers.
        unsafe { shims::rust_do_trace_open_stage(stage, ret) };
    }
}

/// The event `sysdemo:open_undo`: a later stage has failed, and what this one did is undone.
pub(crate) fn open_undo(stage: u32) {
    if is_on!(__tracepoint_open_undo) {
        // SAFETY: The probes take a number.
        unsafe { shims::rust_do_trace_open_undo(stage) };
    }
}
