// SPDX-License-Identifier: GPL-2.0

//! A call record in the caller's memory: read once, answered once.

use crate::{
    bridge::{
        plain::Plain,
        user_memory, //
    },
    syscall::{
        dispatch,
        Context,
        Restart, //
    },
    uapi::sysdemo_call, //
};
use core::mem::{
    offset_of,
    size_of,
    MaybeUninit, //
};
use kernel::{
    prelude::*,
    uaccess::UserSlice, //
};
use zerocopy::Immutable;

/// Reads a structure of fixed size from the caller's memory, once.
///
/// Fails with [`EFAULT`] if it cannot be read.
#[inline(always)]
pub(super) fn read<T: FromBytes + Immutable>(from: UserPtr) -> Result<Plain<T>> {
    UserSlice::new(from, size_of::<T>()).reader().read()
}

/// Writes a structure of fixed size to the caller's memory.
///
/// Fails with [`EFAULT`] if it cannot be written.
#[inline(always)]
pub(super) fn write<T: IntoBytes + Immutable>(to: UserPtr, value: T) -> Result {
    UserSlice::new(to, size_of::<T>())
        .writer()
        .write(&Plain(value))
}

/// Makes the call that a record describes, writes the result into it, and gives the result. If a
/// signal ended the call, `interrupted` says what its result is, or that there is none.
///
/// Fails with [`EFAULT`] if the record cannot be read, or if the result cannot be written, in which
/// case the call has been made, but what it has opened is closed again; and with [`EINVAL`] if
/// `flags` has an unknown bit.
// Not inlined: the room for a record is then taken on the stack only for this.
#[inline(never)]
pub(super) fn call(
    ctx: &mut Context<'_>,
    record: UserPtr,
    interrupted: impl FnOnce(Restart) -> Result<i64>,
) -> Result<i64> {
    // What is checked below is what is used, whatever another thread of the caller writes into the
    // record meanwhile.
    let mut place = MaybeUninit::uninit();
    let call: &sysdemo_call = user_memory::read_into(record, &mut place)?;
    if call.flags != 0 {
        return Err(EINVAL);
    }
    let ret = match dispatch(ctx, call.nr, &call.args) {
        Ok(ret) => ret,
        Err(restart) => interrupted(restart)?,
    };
    write(record.wrapping_byte_add(offset_of!(sysdemo_call, ret)), ret)?;
    // The last that is done, as it cannot be taken back: see `fs::open`.
    if let Some(opened) = ctx.opened.get_mut().take() {
        opened.install();
    }
    Ok(ret)
}
