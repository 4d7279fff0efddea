// SPDX-License-Identifier: GPL-2.0

//! The door of io_uring: the commands of `ioctl(2)`, many at once, and in the background.
//!
//! An entry of the smaller kind has what the third argument of `ioctl(2)` is. One of the larger
//! kind has room for a call's record itself: nothing of the program's memory is then read for it,
//! and its result is in the completion alone.

use super::{
    ioctl,
    record, //
};
use crate::{
    bridge::uring::{
        Outcome,
        Request,
        WORDS, //
    },
    syscall::{
        dispatch,
        table,
        Context,
        COUNT, //
    },
    uapi::sysdemo_call,
};
use core::mem::{
    size_of,
    MaybeUninit, //
};
use kernel::prelude::*;

/// How many words a record has.
const RECORD: usize = size_of::<sysdemo_call>() / size_of::<u64>();

/// Does what a command asks for.
pub(super) fn run(ctx: &mut Context<'_>, request: &Request) -> Outcome {
    match try_run(ctx, request) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Done(error.to_errno().into()),
    }
}

/// As [`run`]. Fails with [`EINVAL`] if there are flags, or if what has to be 0 is not, and
/// otherwise as the command does.
fn try_run(ctx: &mut Context<'_>, request: &Request) -> Result<Outcome> {
    if request.has_flags() {
        return Err(EINVAL);
    }
    let words = request.words();
    if request.op() == ioctl::CALL {
        if request.is_wide() {
            return call_of_words(ctx, request, words);
        }
        return call_of_record(ctx, request, argument(words)?);
    }
    let arg = argument(words)?;
    if !request.may_wait() && ioctl::may_sleep(request.op()) {
        return Ok(Outcome::HasToWait);
    }
    let ret = ioctl::run(ctx, request.op(), arg)?;
    // CAST: Lossless, the kernel has no target with more than 64 bits.
    Ok(Outcome::Done(ret as i64))
}

/// The argument of a command, and nothing else.
///
/// Fails with [`EINVAL`] if there is something else.
fn argument(words: &[u64; WORDS]) -> Result<UserPtr> {
    let (arg, rest) = words.split_first().ok_or(EINVAL)?;
    if rest.iter().any(|word| *word != 0) {
        return Err(EINVAL);
    }
    // CAST: An address of the caller's; on 32 bits its upper half is cut off as that of a register.
    Ok(UserPtr::from_addr(*arg as usize))
}

/// Whether a call has to be made by somebody else, who may wait.
fn has_to_wait(request: &Request, nr: u32) -> bool {
    !request.may_wait() && table::get(nr).is_some_and(|entry| entry.sleeps)
}

/// Makes a call whose record is in the entry.
fn call_of_words(
    ctx: &mut Context<'_>,
    request: &Request,
    words: &[u64; WORDS],
) -> Result<Outcome> {
    let (record, rest) = words.split_at_checked(RECORD).ok_or(EINVAL)?;
    let call = sysdemo_call::read_from_bytes(record.as_bytes()).map_err(|_| EINVAL)?;
    if call.flags != 0 || rest.iter().any(|word| *word != 0) {
        return Err(EINVAL);
    }
    if has_to_wait(request, call.nr) {
        return Ok(Outcome::HasToWait);
    }
    let ret = make_call(ctx, call.nr, &call.args);
    record::install(ctx);
    Ok(Outcome::Done(ret))
}

/// Makes a call whose record is in the caller's memory, and writes the result there as well.
///
/// Fails with [`EFAULT`] as the ioctl does.
fn call_of_record(ctx: &mut Context<'_>, request: &Request, record: UserPtr) -> Result<Outcome> {
    let mut place = MaybeUninit::uninit();
    let asked = record::read_asked(record, &mut place)?;
    // Whoever makes it then reads the record anew, and checks that.
    if has_to_wait(request, asked.nr) {
        return Ok(Outcome::HasToWait);
    }
    let ret = make_call(ctx, asked.nr, &asked.args);
    record::answer(ctx, record, ret)?;
    Ok(Outcome::Done(ret))
}

/// Makes a call. One that a signal ends does not start again: it is no system call.
fn make_call(ctx: &Context<'_>, nr: u32, args: &[u64; COUNT]) -> i64 {
    dispatch(ctx, nr, args).unwrap_or_else(|_| EINTR.to_errno().into())
}
