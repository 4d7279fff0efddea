// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate's `Task` does not tell of the caller.
//!
//! C headers: [`include/linux/pid.h`](srctree/include/linux/pid.h),
//! [`include/linux/sched.h`](srctree/include/linux/sched.h)

use core::ptr;
use kernel::{
    bindings,
    current,
    pid_namespace::PidNamespace,
    sync::atomic::{
        atomic_load,
        Relaxed, //
    },
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

/// Id of the calling thread in some PID namespace, C's `task_pid_nr_ns(current, ns)`; 0 if it has
/// none there.
pub(crate) fn current_tid_in(ns: &PidNamespace) -> Pid {
    let task = current!().as_ptr();
    // SAFETY: `task` is the running task, which cannot go away under itself; the namespace is valid
    // by its reference.
    unsafe { bindings::__task_pid_nr_ns(task, bindings::pid_type_PIDTYPE_PID, ns.as_ptr()) }
}

/// Whether the caller can gain no rights by `execve()`, C's `task_no_new_privs(current)`.
pub(crate) fn current_no_new_privs() -> bool {
    let task = current!().as_ptr();
    // SAFETY: The field of the running task is valid and aligned. Others write its bits atomically
    // (another thread that synchronizes seccomp filters), and this is an atomic load.
    let flags = unsafe { atomic_load(&raw mut (*task).atomic_flags, Relaxed) };
    flags >> bindings::PFA_NO_NEW_PRIVS & 1 != 0
}

/// The caller's seccomp mode: 0 none, 1 strict, 2 filter.
pub(crate) fn current_seccomp_mode() -> u32 {
    #[cfg(CONFIG_SECCOMP)]
    {
        let task = current!().as_ptr();
        // SAFETY: The field of the running task is valid and aligned; others that write it do so
        // atomically.
        let mode = unsafe { atomic_load(&raw mut (*task).seccomp.mode, Relaxed) };
        // CAST: A mode is a small number.
        mode as u32
    }
    #[cfg(not(CONFIG_SECCOMP))]
    0
}
