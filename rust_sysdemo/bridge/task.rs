// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate's `Task` does not tell of the caller.
//!
//! C headers: [`include/linux/pid.h`](srctree/include/linux/pid.h),
//! [`include/linux/sched.h`](srctree/include/linux/sched.h)

use super::shims;
use core::ptr;
use kernel::{
    bindings,
    current,
    ffi::c_ulong,
    pid_namespace::PidNamespace,
    prelude::*,
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

/// Asks at nearly no cost whether a signal has come for the task that is running.
pub(crate) struct Signals(*mut bindings::task_struct);

impl Signals {
    /// Those of the task that is running. Only it can ask: the pointer keeps this from being given
    /// to another one.
    pub(crate) fn of_current() -> Self {
        Self(current!().as_ptr())
    }

    /// Whether one has come, C's `signal_pending(current)`.
    #[inline(always)]
    pub(crate) fn pending(&self) -> bool {
        #[cfg(CONFIG_THREAD_INFO_IN_TASK)]
        {
            // SAFETY: The running task cannot go away under itself. Others change its flags
            // atomically, and this is an atomic load.
            let flags = unsafe { (&raw const (*self.0).thread_info.flags).read_volatile() };
            flags & (1 << bindings::TIF_SIGPENDING | 1 << bindings::TIF_NOTIFY_SIGNAL) != 0
        }
        #[cfg(not(CONFIG_THREAD_INFO_IN_TASK))]
        current!().signal_pending()
    }
}

/// Which permissions the caller does not give to what it makes.
pub(crate) fn current_umask() -> u16 {
    // CAST: umask(2) keeps nine bits.
    // SAFETY: The running task has a `struct fs_struct` until it exits. Threads may share it and
    // change the mask meanwhile; the number is then the one or the other.
    (unsafe { shims::sysdemo_current_umask() }) as u16
}

/// Whether the caller is being killed, C's `fatal_signal_pending(current)`.
pub(crate) fn is_being_killed() -> bool {
    // SAFETY: There are no preconditions; it looks at the running task.
    unsafe { shims::sysdemo_is_being_killed() != 0 }
}

/// How large the caller may make a file; [`None`] if there is no limit.
fn file_size_limit() -> Option<u64> {
    let task = current!().as_ptr();
    // SAFETY: The running task has a `struct signal_struct`, whose limits are valid and aligned.
    // prlimit(2) writes one as a whole, and this is an atomic load.
    let limit = unsafe {
        atomic_load(
            &raw mut (*(*task).signal).rlim[bindings::RLIMIT_FSIZE as usize].rlim_cur,
            Relaxed,
        )
    };
    // CAST: Lossless: an `unsigned long` has at most 64 bits.
    (limit != c_ulong::MAX).then_some(limit as u64)
}

/// How many bytes the caller may write at a position of a file, as far as its `RLIMIT_FSIZE` is
/// concerned.
pub(crate) fn room_for_file(position: u64) -> u64 {
    file_size_limit().map_or(u64::MAX, |limit| limit.saturating_sub(position))
}

/// Sends the caller the signal that tells of its `RLIMIT_FSIZE`.
pub(crate) fn signal_file_size() {
    // SAFETY: The running task cannot go away under itself; the number is that of a signal.
    unsafe { bindings::send_sig(bindings::SIGXFSZ as c_int, current!().as_ptr(), 0) };
}
