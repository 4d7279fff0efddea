// SPDX-License-Identifier: GPL-2.0

//! The one way in.

use super::{
    define::Returned,
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

/// The registers of a call, wherever the door has them.
pub(crate) trait Source {
    /// Gives them; the same ones each time.
    fn registers(&mut self) -> &[u64; regs::COUNT];

    /// Gives any numbers, for a call without parameters.
    fn nothing(&self) -> &[u64; regs::COUNT];
}

impl Source for &[u64; regs::COUNT] {
    #[inline(always)]
    fn registers(&mut self) -> &[u64; regs::COUNT] {
        self
    }

    #[inline(always)]
    fn nothing(&self) -> &[u64; regs::COUNT] {
        self
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
pub(crate) fn dispatch(ctx: &Context<'_>, nr: u32, args: impl Source) -> Result<i64, Restart> {
    ctx.session.count_calls(1);
    dispatch_uncounted(ctx, nr, args)
}

/// As [`dispatch`], for a door that makes many calls and counts them itself, all at once.
#[inline(always)]
pub(crate) fn dispatch_uncounted(
    ctx: &Context<'_>,
    nr: u32,
    mut args: impl Source,
) -> Result<i64, Restart> {
    // What is refused and what is unknown is traced too, as `raw_syscalls:sys_enter` does: who
    // looks for a caller's mistake wants to see it.
    if tracepoint::sys_enter_is_on() {
        tracepoint::sys_enter(nr, args.registers());
    }

    let session = ctx.session;
    let Returned { value, failed } = run(ctx, nr, &mut args);

    tracepoint::sys_exit(nr, value);
    if failed {
        // CAST: An error number.
        if let Some(restart) = Restart::of(Error::from_errno(value as c_int)) {
            // To who reads the log it is what the caller gets to see.
            session.log.note(nr, i64::from(EINTR.to_errno()));
            return Err(restart);
        }
    }
    session.log.note(nr, value);
    Ok(value)
}

/// Runs the call if it may be made and if there is one.
#[inline(always)]
fn run(ctx: &Context<'_>, nr: u32, args: &mut impl Source) -> Returned {
    let restriction = &ctx.session.restriction;
    let Some(slot) = Slot::of(nr) else {
        return Err(restriction.error_beyond_table(nr)).into();
    };
    // As seccomp does, before anything is said of whether there is such a call.
    if !restriction.allows(slot) {
        return Err(EPERM).into();
    }
    let args = if slot.has_parameters() {
        args.registers()
    } else {
        args.nothing()
    };
    slot.run()(ctx, args)
}
