// SPDX-License-Identifier: GPL-2.0

//! Who is calling.

use crate::{
    bridge::task,
    syscall::{
        syscall,
        Context, //
    },
    uapi, //
};
use kernel::{
    current,
    prelude::*, //
};

syscall! {
    /// Gives the id of the calling process, as the caller's PID namespace knows it.
    ///
    /// As in `getpid(2)`, a "process" is a thread group: every thread gets the same answer.
    #[nr(uapi::SYSDEMO_NR_GETPID)]
    fn getpid(_ctx: &Context<'_>) -> Result<i64> {
        // `Task::tgid()` would be the id in the initial namespace: meaningless in a container, and
        // a leak of what lies outside of it.
        Ok(i64::from(current!().tgid_nr_ns(None)))
    }
}

syscall! {
    /// Gives the id of the calling thread, as the caller's PID namespace knows it.
    #[nr(uapi::SYSDEMO_NR_GETTID)]
    fn gettid(_ctx: &Context<'_>) -> Result<i64> {
        Ok(i64::from(task::current_tid()))
    }
}
