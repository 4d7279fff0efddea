// SPDX-License-Identifier: GPL-2.0

//! The door that every device has: `ioctl(2)`.

use super::{
    batch,
    describe,
    log,
    record,
    shared_ring, //
};
use crate::{
    bridge::plain::Plain,
    syscall::Context,
    uapi::{
        self,
        sysdemo_batch,
        sysdemo_call,
        sysdemo_info,
        sysdemo_log,
        sysdemo_restrict,
        sysdemo_ring,
        sysdemo_table,
        SYSDEMO_IOC_TYPE, //
    },
};
use kernel::{
    ioctl::{
        _IO,
        _IOC_DIR,
        _IOC_NR,
        _IOC_SIZE,
        _IOC_TYPE,
        _IOR,
        _IOW,
        _IOWR, //
    },
    prelude::*, //
};

// CAST: Lossless, but `u32::from()` is not `const`.
const TYPE: u32 = SYSDEMO_IOC_TYPE as u32;

pub(super) const CALL: u32 = _IOWR::<sysdemo_call>(TYPE, uapi::SYSDEMO_IOC_NR_CALL);
const BATCH: u32 = _IOWR::<sysdemo_batch>(TYPE, uapi::SYSDEMO_IOC_NR_BATCH);
const TABLE: u32 = _IOWR::<sysdemo_table>(TYPE, uapi::SYSDEMO_IOC_NR_TABLE);
const INFO: u32 = _IOR::<sysdemo_info>(TYPE, uapi::SYSDEMO_IOC_NR_INFO);
const RESTRICT: u32 = _IOW::<sysdemo_restrict>(TYPE, uapi::SYSDEMO_IOC_NR_RESTRICT);
const RING: u32 = _IOWR::<sysdemo_ring>(TYPE, uapi::SYSDEMO_IOC_NR_RING);
const ENTER: u32 = _IO(TYPE, uapi::SYSDEMO_IOC_NR_ENTER);
const LOG: u32 = _IOWR::<sysdemo_log>(TYPE, uapi::SYSDEMO_IOC_NR_LOG);

/// Does what an ioctl command asks for.
///
/// Fails with [`ENOTTY`] if this device knows no such command, and otherwise as the command does.
#[inline(always)]
pub(super) fn run(ctx: &mut Context<'_>, cmd: u32, arg: UserPtr) -> Result<isize> {
    if cmd == CALL {
        return call(ctx, arg);
    }
    run_other(ctx, cmd, arg)
}

/// `SYSDEMO_IOC_CALL`: makes the call of a record.
///
/// Fails as [`record::call`] does. This ioctl is this call: what starts it again, or says `EINTR`,
/// is the kernel's way out of a system call.
// Not inlined: the room for a record is then taken on the stack only for this.
#[inline(never)]
fn call(ctx: &mut Context<'_>, arg: UserPtr) -> Result<isize> {
    record::call(ctx, arg, |restart| Err(restart.into()))?;
    Ok(0)
}

/// Whether a command may make calls that sleep, or many calls. That to make one call is not meant:
/// it depends on the call.
pub(super) fn may_sleep(cmd: u32) -> bool {
    matches!(cmd, BATCH | ENTER)
}

/// As [`run`], for any command but the one to make a call.
// Not inlined: in one `match` the compiler would ask for the commands in an order of its own, and
// a call would pay for each command that is added.
#[inline(never)]
fn run_other(ctx: &mut Context<'_>, cmd: u32, arg: UserPtr) -> Result<isize> {
    match cmd {
        BATCH => batch::run(ctx, arg),
        TABLE => describe::call(arg),
        RESTRICT => restrict(ctx, arg),
        LOG => log::command(ctx, arg),
        RING => shared_ring::set_up(ctx, arg),
        // CAST: This argument is a number, of which more than that is more than there ever is.
        ENTER => shared_ring::enter(
            ctx,
            u32::try_from(arg.as_const_ptr().addr()).unwrap_or(u32::MAX),
        ),
        _ if is_info(cmd) => describe::device(ctx, arg, _IOC_SIZE(cmd)),
        _ => Err(ENOTTY),
    }
}

/// Whether a command is `SYSDEMO_IOC_INFO`, in whatever version of its structure.
fn is_info(cmd: u32) -> bool {
    // As the kernel's `extensible_ioctl_valid()` does.
    _IOC_DIR(cmd) == _IOC_DIR(INFO)
        && _IOC_TYPE(cmd) == _IOC_TYPE(INFO)
        && _IOC_NR(cmd) == _IOC_NR(INFO)
}

/// `SYSDEMO_IOC_RESTRICT`: takes calls away from this open device.
///
/// Fails with [`EFAULT`] if the structure cannot be read.
#[inline(never)]
fn restrict(ctx: &Context<'_>, arg: UserPtr) -> Result<isize> {
    let Plain(request) = record::read::<sysdemo_restrict>(arg)?;
    ctx.session.restriction.shrink(&request.allowed);
    Ok(0)
}
