// SPDX-License-Identifier: GPL-2.0

//! Several calls for one trip into the kernel.

use super::record;
use crate::{
    bridge::{
        plain::Plain,
        task::Signals,
        user_memory::{
            self,
            Unanswered, //
        },
    },
    syscall::{
        dispatch_uncounted,
        flags,
        Context,
        NoResult, //
    },
    uapi::{
        self,
        sysdemo_batch,
        sysdemo_call, //
    },
};
use core::mem::{
    offset_of,
    size_of,
    MaybeUninit, //
};
use kernel::prelude::*;

flags! {
    /// Flags of a batch.
    struct BatchFlags: u32 {
        /// An error of a call does not end the batch.
        const CONTINUE = uapi::SYSDEMO_BATCH_CONTINUE;
    }
}

/// `SYSDEMO_IOC_BATCH`: makes the calls of an array of records, in order.
///
/// Fails with [`EFAULT`] if the structure cannot be read, and no call has been made, or cannot be
/// written; with [`EINVAL`] if it has unknown flags or too many records.
#[inline(never)]
pub(super) fn run(ctx: &mut Context<'_>, arg: UserPtr) -> Result<isize> {
    let Plain(batch) = record::read::<sysdemo_batch>(arg)?;
    let flags = BatchFlags::try_from(batch.flags)?;
    if batch.count > uapi::SYSDEMO_BATCH_MAX {
        return Err(EINVAL);
    }

    let (done, ended) = calls(ctx, &batch, flags);
    let status = match ended {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    };
    // CAST: The same bits. They lie side by side, and are written at once.
    let told = zerocopy::transmute!([done, status as u32]);
    user_memory::write_word(arg.wrapping_byte_add(offset_of!(sysdemo_batch, done)), told)?;
    Ok(0)
}

/// Makes the calls; gives how many were answered, and why it ended before the last.
fn calls(ctx: &mut Context<'_>, batch: &sysdemo_batch, flags: BatchFlags) -> (u32, Result) {
    const {
        assert!(offset_of!(sysdemo_batch, status) == offset_of!(sysdemo_batch, done) + 4);
    }
    let Some(more) = batch.count.checked_sub(1) else {
        return (0, Ok(()));
    };
    // CAST: A pointer of the caller's; on 32 bits its upper half is cut off as that of a register.
    let first = UserPtr::from_addr(batch.calls as usize);
    // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
    let last = first.wrapping_byte_add(more as usize * size_of::<sysdemo_call>());
    let mut place = MaybeUninit::uninit();
    let asked = match record::read_asked(first, &mut place) {
        Ok(asked) => asked,
        Err(error) => return (0, Err(error)),
    };
    let signals = Signals::of_current();
    let mut record = first;
    let ending = loop {
        let ret = match dispatch_uncounted(ctx, asked.head, &asked.args) {
            Ok(ret) => ret,
            Err(NoResult::Flags) => break Ending::Flags,
            // This ioctl is not that call alone: calls that have been made must not be made again.
            Err(NoResult::Interrupted(_)) => EINTR.to_errno().into(),
        };
        if let Some(error) = error_of(ret) {
            if !flags.contains(BatchFlags::CONTINUE) {
                break Ending::Answer(ret, Err(error));
            }
        }
        if record.as_const_ptr() == last.as_const_ptr() {
            break Ending::Answer(ret, Ok(()));
        }
        // Between records, so that a batch that is sent a signal again and again gets on as well.
        if signals.pending() {
            break Ending::Answer(ret, Err(EINTR));
        }
        if let Err(why) = record::answer_and_read(ctx, record, ret, asked) {
            break Ending::Fault(why);
        }
        record = record.wrapping_byte_add(size_of::<sysdemo_call>());
    };
    let bytes = record
        .as_const_ptr()
        .addr()
        .wrapping_sub(first.as_const_ptr().addr());
    // CAST: Less than `SYSDEMO_BATCH_MAX`.
    let before = (bytes / size_of::<sysdemo_call>()) as u32;
    if let Ending::Flags = ending {
        ctx.session.count_calls(before.into());
        return (before, Err(EINVAL));
    }
    let made = before + 1;
    ctx.session.count_calls(made.into());
    match ending {
        Ending::Answer(ret, ended) => match record::answer(ctx, record, ret) {
            Ok(()) => (made, ended),
            Err(error) => (before, Err(error)),
        },
        Ending::Fault(Unanswered::NotRead) => (made, Err(EFAULT)),
        Ending::Fault(Unanswered::NotWritten) | Ending::Flags => (before, Err(EFAULT)),
    }
}

/// The error that a result is, if it is one.
#[inline(always)]
fn error_of(ret: i64) -> Option<Error> {
    if (-i64::from(kernel::bindings::MAX_ERRNO)..0).contains(&ret) {
        // CAST: One of these.
        Some(Error::from_errno(ret as c_int))
    } else {
        None
    }
}

/// How a batch ends.
enum Ending {
    /// With a call that has this result, which is to be written.
    Answer(i64, Result),
    /// With a record that cannot be written, or one that cannot be read.
    Fault(Unanswered),
    /// With a record that has unknown flags.
    Flags,
}
