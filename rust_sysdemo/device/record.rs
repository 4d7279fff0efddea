// SPDX-License-Identifier: GPL-2.0

//! A call record in the caller's memory: read once, answered once.

use crate::{
    bridge::{
        plain::Plain,
        tracepoint,
        user_memory::{
            self,
            Unanswered, //
        },
    },
    syscall::{
        dispatch,
        table,
        Context,
        Head,
        NoResult,
        Restart,
        COUNT, //
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
use zerocopy_derive::Immutable;

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

/// What is asked for in a record: all of it but the result, which only is written.
#[repr(C)]
#[derive(FromBytes, IntoBytes, Immutable)]
pub(super) struct Asked {
    pub(super) head: Head,
    pub(super) args: [u64; COUNT],
}

const _: () = {
    assert!(offset_of!(Asked, head) == offset_of!(sysdemo_call, nr));
    assert!(offset_of!(sysdemo_call, flags) == offset_of!(sysdemo_call, nr) + size_of::<u32>());
    assert!(offset_of!(Asked, args) == offset_of!(sysdemo_call, args));
    assert!(size_of::<Asked>() == offset_of!(sysdemo_call, ret));
};

/// Reads what is asked for in a record, once.
///
/// What is checked is what is used, whatever another thread of the caller writes into the record
/// meanwhile. Fails with [`EFAULT`] if it cannot be read.
#[inline(always)]
pub(super) fn read_asked(record: UserPtr, place: &mut MaybeUninit<Asked>) -> Result<&mut Asked> {
    user_memory::read_words(record, place)
}

/// As [`answer`], and then reads what is asked for in the record that follows this one. Its flags
/// are not looked at.
#[inline(always)]
pub(super) fn answer_and_read(
    ctx: &mut Context<'_>,
    record: UserPtr,
    ret: i64,
    asked: &mut Asked,
) -> Result<(), Unanswered> {
    // Who traces sees all registers. Whether somebody does may change until the call is made: it
    // then shows those of an earlier one of the same batch.
    let without = if tracepoint::sys_enter_is_on() {
        0
    } else {
        table::WITHOUT_PARAMETERS
    };
    // CAST: The same bits.
    if let Err(why) = user_memory::answer_and_read(record, ret as u64, asked, without) {
        // Its result is where the caller finds it, whether there is a next one or not.
        if matches!(why, Unanswered::NotRead) {
            install(ctx);
        }
        return Err(why);
    }
    install(ctx);
    Ok(())
}

/// Makes the call that a record describes, writes the result into it, and gives the result. If a
/// signal ended the call, `interrupted` says what its result is, or that there is none.
///
/// Fails with [`EFAULT`] if the record cannot be read, or if the result cannot be written, in which
/// case the call has been made, but what it has opened is closed again; and with [`EINVAL`] if
/// `flags` has an unknown bit.
#[inline(always)]
pub(super) fn call(
    ctx: &mut Context<'_>,
    record: UserPtr,
    interrupted: impl FnOnce(Restart) -> Result<i64>,
) -> Result<i64> {
    let mut place = MaybeUninit::uninit();
    let asked = read_asked(record, &mut place)?;
    let ret = match dispatch(ctx, asked.head, &asked.args) {
        Ok(ret) => ret,
        Err(NoResult::Flags) => return Err(EINVAL),
        Err(NoResult::Interrupted(restart)) => interrupted(restart)?,
    };
    answer(ctx, record, ret)?;
    Ok(ret)
}

/// Writes the result of a call into its record, and gives the caller what the call has opened.
///
/// Fails with [`EFAULT`] if it cannot be written: what was opened is closed again.
#[inline(always)]
pub(super) fn answer(ctx: &mut Context<'_>, record: UserPtr, ret: i64) -> Result {
    let place = record.wrapping_byte_add(offset_of!(sysdemo_call, ret));
    // CAST: The same bits.
    user_memory::write_word(place, ret as u64)?;
    // The last that is done, as it cannot be taken back: see `fs::open`.
    install(ctx);
    Ok(())
}

/// Gives the caller what a call has opened, once the call's result is where the caller finds it.
#[inline(always)]
pub(super) fn install(ctx: &mut Context<'_>) {
    // Nearly always there is nothing, and then nothing is written here.
    if ctx.opened.get_mut().is_some() {
        install_opened(ctx);
    }
}

#[cold]
#[inline(never)]
fn install_opened(ctx: &mut Context<'_>) {
    if let Some(opened) = ctx.opened.get_mut().take() {
        opened.install();
    }
}
