// SPDX-License-Identifier: GPL-2.0

//! The one way in.

use super::{
    define::Returned,
    head::Head,
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

/// The registers of a call, wherever the door has them. They are asked for once.
pub(crate) trait Source<'a>: Sized {
    /// Gives them.
    fn registers(self) -> &'a [u64; regs::COUNT];

    /// Gives any numbers, for a call without parameters.
    fn nothing(self) -> &'a [u64; regs::COUNT];
}

impl<'a> Source<'a> for &'a [u64; regs::COUNT] {
    #[inline(always)]
    fn registers(self) -> &'a [u64; regs::COUNT] {
        self
    }

    #[inline(always)]
    fn nothing(self) -> &'a [u64; regs::COUNT] {
        self
    }
}

/// Why a call has no result.
pub(crate) enum NoResult {
    /// It has flags, all of which are unknown. It has not been made.
    Flags,
    /// A signal ended it.
    Interrupted(Restart),
}

/// Makes one call, whatever door it came through: what `do_syscall_64()` is to the kernel.
///
/// Gives the call's result, or a negative error number: `-EPERM` if this open device may not make
/// it, `-ENOSYS` if there is no such call. Fails if there is no result.
///
/// The tracepoint shows what the call gave in any case, as `raw_syscalls:sys_exit` does.
#[inline(always)]
pub(crate) fn dispatch<'a>(
    ctx: &Context<'_>,
    head: Head,
    args: impl Source<'a>,
) -> Result<i64, NoResult> {
    if head.has_flags() {
        return Err(NoResult::Flags);
    }
    ctx.session.count_calls(1);
    dispatch_uncounted(ctx, head, args)
}

/// As [`dispatch`], for a door that makes many calls and counts them itself, all at once.
///
/// What is rare is not here, but in functions of its own: there the compiler does not make the
/// usual way pay for it.
#[inline(always)]
pub(crate) fn dispatch_uncounted<'a>(
    ctx: &Context<'_>,
    head: Head,
    args: impl Source<'a>,
) -> Result<i64, NoResult> {
    let nr = head.nr();
    // One comparison for both halves: a number of the table, and no flags.
    let Some(slot) = Slot::of(head) else {
        if head.has_flags() {
            return Err(NoResult::Flags);
        }
        return result(refuse(ctx, nr, args.registers()));
    };
    if tracepoint::sys_enter_is_on() {
        return result(traced(ctx, slot, nr, args.registers()));
    }
    // As seccomp does, before anything is said of whether there is such a call.
    if !ctx.session.restriction.allows(slot) {
        return result(refuse(ctx, nr, args.registers()));
    }
    let args = if slot.has_parameters() {
        args.registers()
    } else {
        args.nothing()
    };
    let returned = slot.run()(ctx, args);
    tracepoint::sys_exit(nr, returned.value);
    if returned.failed || ctx.session.log.is_on() {
        return result(note(ctx, nr, returned));
    }
    Ok(returned.value)
}

/// Makes a call while somebody listens to what is asked for.
#[cold]
#[inline(never)]
fn traced(ctx: &Context<'_>, slot: Slot, nr: u32, args: &[u64; regs::COUNT]) -> Returned {
    if !ctx.session.restriction.allows(slot) {
        return refuse(ctx, nr, args);
    }
    tracepoint::sys_enter(nr, args);
    let returned = slot.run()(ctx, args);
    tracepoint::sys_exit(nr, returned.value);
    note(ctx, nr, returned)
}

/// Gives the error of a call that may not be made, or that there is none of.
///
/// It is traced too, as `raw_syscalls:sys_enter` does: who looks for a caller's mistake wants to
/// see it.
#[cold]
#[inline(never)]
fn refuse(ctx: &Context<'_>, nr: u32, args: &[u64; regs::COUNT]) -> Returned {
    if tracepoint::sys_enter_is_on() {
        tracepoint::sys_enter(nr, args);
    }
    let returned = Returned::from(Err(ctx.session.restriction.error_of_refused(nr)));
    tracepoint::sys_exit(nr, returned.value);
    note(ctx, nr, returned)
}

/// Notes in the log what a call gave, if that is wanted. What it gives then only fails if a signal
/// has ended the call.
#[cold]
#[inline(never)]
fn note(ctx: &Context<'_>, nr: u32, returned: Returned) -> Returned {
    let Returned { value, failed } = returned;
    let interrupted = failed && Restart::is_one(value);
    let seen = if interrupted {
        // To who reads the log it is what the caller gets to see.
        EINTR.to_errno().into()
    } else {
        value
    };
    ctx.session.log.note(nr, seen);
    Returned {
        value,
        failed: interrupted,
    }
}

/// What [`note`] gives, for a door.
#[inline(always)]
fn result(noted: Returned) -> Result<i64, NoResult> {
    if noted.failed {
        return Err(NoResult::Interrupted(Restart::new(noted.value)));
    }
    Ok(noted.value)
}
