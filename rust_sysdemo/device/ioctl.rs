// SPDX-License-Identifier: GPL-2.0

//! The door that every device has: `ioctl(2)`.

use crate::{
    syscall::{
        dispatch,
        Context, //
    },
    uapi::{
        sysdemo_call,
        SYSDEMO_IOC_NR_CALL,
        SYSDEMO_IOC_TYPE, //
    },
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::{
    ioctl::_IOWR,
    prelude::*,
    uaccess::UserSlice, //
};

// CAST: Lossless, but `u32::from()` is not `const`.
const IOC_CALL: u32 = _IOWR::<sysdemo_call>(SYSDEMO_IOC_TYPE as u32, SYSDEMO_IOC_NR_CALL);

/// Does what an ioctl command asks for.
///
/// Fails with [`ENOTTY`] if this device knows no such command, and otherwise as the command does.
#[inline]
pub(super) fn run(ctx: &Context<'_>, cmd: u32, arg: UserPtr) -> Result<isize> {
    match cmd {
        IOC_CALL => call(ctx, arg),
        _ => Err(ENOTTY),
    }
}

/// `SYSDEMO_IOC_CALL`: makes the call that a record describes and writes the result into it.
///
/// Fails with [`EFAULT`] if the record cannot be read, or if the result cannot be written, in which
/// case the call has been made; and with [`EINVAL`] if `flags` has an unknown bit.
#[inline]
fn call(ctx: &Context<'_>, record: UserPtr) -> Result<isize> {
    // The only read of the record: what is checked below is what is used, whatever another thread
    // of the caller writes there meanwhile.
    let mut bytes = [0; size_of::<sysdemo_call>()];
    UserSlice::new(record, bytes.len())
        .reader()
        .read_slice(&mut bytes)?;
    let call = sysdemo_call::read_from_bytes(&bytes).map_err(|_| EINVAL)?;
    if call.flags != 0 {
        return Err(EINVAL);
    }

    let ret = dispatch(ctx, call.nr, &call.args);

    let slot = record.wrapping_byte_add(offset_of!(sysdemo_call, ret));
    UserSlice::new(slot, size_of_val(&ret))
        .writer()
        .write_slice(&ret.to_ne_bytes())?;
    Ok(0)
}
