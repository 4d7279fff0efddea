// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate's `Task` does not tell of the caller.
//!
//! C header: [`include/linux/pid.h`](srctree/include/linux/pid.h)

use core::ptr;
use kernel::{
    bindings,
    current,
    task::Pid, //
};

/// Id of the calling thread in its own PID namespace, C's `task_pid_vnr(current)`.
#[inline]
pub(crate) fn current_tid() -> Pid {
    let task = current!().as_ptr();
    // SAFETY: `task` is the running task, which cannot go away under itself; a null namespace means
    // its own.
    unsafe { bindings::__task_pid_nr_ns(task, bindings::pid_type_PIDTYPE_PID, ptr::null_mut()) }
}
