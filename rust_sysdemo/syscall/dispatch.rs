// SPDX-License-Identifier: GPL-2.0

//! The one way in.

use super::{
    regs,
    restart::Restart,
    table::Slot, //
};
use crate::{
    bridge::tracepoint,
    device::Session,
    fs::Opened, //
};
use core::cell::Cell;
use kernel::{
    fs::File,
    prelude::*, //
};

/// What a call may know besides its arguments.
pub(crate) struct Context<'a> {
    /// The open device that the call came through.
    pub(crate) session: &'a Session,
    /// Its file, which knows who opened it.
    pub(crate) file: &'a File,
    /// Whether the caller came by the door of 32-bit programs.
    pub(crate) compat: bool,
    /// What the call has opened. It becomes the caller's when the call's result has reached it.
    pub(crate) opened: Cell<Option<Opened>>,
}

impl<'a> Context<'a> {
    /// Makes one for a call that comes through an open device.
    #[inline(always)]
    pub(crate) fn new(session: &'a Session, file: &'a File, compat: bool) -> Self {
        Self {
            session,
            file,
            compat,
            opened: Cell::new(None),
        }
    }
}

/// Makes one call, whatever door it came through: what `do_syscall_64()` is to the kernel.
///
/// Gives the call's result, or a negative error number: `-EPERM` if this open device may not make
/// it, `-ENOSYS` if there is no such call. Fails if a signal ended the call: then there is no
/// result.
///
/// The tracepoint shows what the call gave in any case, as `raw_syscalls:sys_exit` does.
#[inline(always)]
pub(crate) fn dispatch(
    ctx: &Context<'_>,
    nr: u32,
    args: &[u64; regs::COUNT],
) -> Result<i64, Restart> {
    // What is refused and what is unknown is traced too, as `raw_syscalls:sys_enter` does: who
    // looks for a caller's mistake wants to see it.
    tracepoint::sys_enter(nr, args);
    ctx.session.count_call();

    let ret = match run(ctx, nr, args) {
        Ok(value) => value,
        Err(error) => {
            let ret = i64::from(error.to_errno());
            if let Some(restart) = Restart::of(error) {
                tracepoint::sys_exit(nr, ret);
                // To who reads the log it is what the caller gets to see.
                ctx.session.log.note(nr, i64::from(EINTR.to_errno()));
                return Err(restart);
            }
            ret
        }
    };

    tracepoint::sys_exit(nr, ret);
    ctx.session.log.note(nr, ret);
    Ok(ret)
}

/// Runs the call if it may be made and if there is one.
#[inline(always)]
fn run(ctx: &Context<'_>, nr: u32, args: &[u64; regs::COUNT]) -> Result<i64> {
    let restriction = &ctx.session.restriction;
    let Some(slot) = Slot::of(nr) else {
        return Err(restriction.error_beyond_table(nr));
    };
    // As seccomp does, before anything is said of whether there is such a call.
    if !restriction.allows(slot) {
        return Err(EPERM);
    }
    let entry = slot.entry().ok_or(ENOSYS)?;
    (entry.run)(ctx, args)
}
