// SPDX-License-Identifier: GPL-2.0

//! The one way in.

use super::{
    regs,
    table, //
};
use crate::{
    bridge::tracepoint,
    device::Session, //
};
use kernel::prelude::*;

/// What a call may know besides its arguments.
pub(crate) struct Context<'a> {
    /// The open device that the call came through.
    pub(crate) session: &'a Session,
}

/// Makes one call, whatever door it came through: what `do_syscall_64()` is to the kernel.
///
/// Gives the call's result, or a negative error number: `-ENOSYS` if there is no such call.
#[inline]
pub(crate) fn dispatch(ctx: &Context<'_>, nr: u32, args: &[u64; regs::COUNT]) -> i64 {
    // Unknown numbers are traced too, as `raw_syscalls:sys_enter` does: who looks for a caller's
    // mistake wants to see it.
    tracepoint::sys_enter(nr, args);
    ctx.session.count_call();

    let result = match table::get(nr) {
        Some(entry) => (entry.run)(ctx, args),
        None => Err(ENOSYS),
    };
    let ret = result.unwrap_or_else(|error| i64::from(error.to_errno()));

    tracepoint::sys_exit(nr, ret);
    ret
}
