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
        Head,
        NoResult,
        COUNT, //
    },
    uapi::sysdemo_call,
};
use core::mem::{
    offset_of,
    size_of,
    MaybeUninit, //
};
use kernel::prelude::*;

/// How many bytes a word has.
const WORD: usize = size_of::<u64>();

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
    let is_call = request.op() == ioctl::CALL;
    if let (true, Some(words)) = (is_call, request.wide_words()) {
        return call_of_words(ctx, request, words);
    }
    let arg = request.argument().ok_or(EINVAL)?;
    // CAST: An address of the caller's; on 32 bits its upper half is cut off as that of a register.
    let arg = UserPtr::from_addr(arg as usize);
    if is_call {
        return call_of_record(ctx, request, arg);
    }
    if !request.may_wait() && ioctl::may_sleep(request.op()) {
        return Ok(Outcome::HasToWait);
    }
    let ret = ioctl::run(ctx, request.op(), arg)?;
    // CAST: Lossless, the kernel has no target with more than 64 bits.
    Ok(Outcome::Done(ret as i64))
}

/// Whether a call has to be made by somebody else, who may wait.
fn has_to_wait(request: &Request, head: Head) -> bool {
    !request.may_wait() && table::sleeps(head)
}

/// Makes a call whose record is in the entry.
fn call_of_words(
    ctx: &mut Context<'_>,
    request: &Request,
    words: &[u64; WORDS],
) -> Result<Outcome> {
    const {
        assert!(offset_of!(sysdemo_call, nr) == 0 && offset_of!(sysdemo_call, args) == WORD);
        assert!(offset_of!(sysdemo_call, ret) == (1 + COUNT) * WORD);
    }
    let [head, args @ .., _ret, none, neither] = words;
    if *none | *neither != 0 {
        return Err(EINVAL);
    }
    let head = Head::from(*head);
    if has_to_wait(request, head) {
        return Ok(Outcome::HasToWait);
    }
    let ret = make_call(ctx, head, args)?;
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
    if has_to_wait(request, asked.head) {
        return Ok(Outcome::HasToWait);
    }
    let ret = make_call(ctx, asked.head, &asked.args)?;
    record::answer(ctx, record, ret)?;
    Ok(Outcome::Done(ret))
}

/// Makes a call. One that a signal ends does not start again: it is no system call.
///
/// Fails with [`EINVAL`] if it has unknown flags.
#[inline(always)]
fn make_call(ctx: &Context<'_>, head: Head, args: &[u64; COUNT]) -> Result<i64> {
    match dispatch(ctx, head, args) {
        Ok(ret) => Ok(ret),
        Err(NoResult::Flags) => Err(EINVAL),
        Err(NoResult::Interrupted(_)) => Ok(EINTR.to_errno().into()),
    }
}
