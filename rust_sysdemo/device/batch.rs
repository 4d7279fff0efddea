// SPDX-License-Identifier: GPL-2.0

//! Several calls for one trip into the kernel.

use super::record::{
    self,
    Asked, //
};
use crate::{
    bridge::{
        plain::Plain,
        task::Signals,
        user_memory::Unanswered, //
    },
    syscall::{
        dispatch_uncounted,
        flags,
        Context, //
    },
    uapi::{
        self,
        sysdemo_batch,
        sysdemo_call, //
    },
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::prelude::*;
use zerocopy::FromZeros;

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
    let told = [done, status as u32];
    record::write(arg.wrapping_byte_add(offset_of!(sysdemo_batch, done)), told)?;
    Ok(0)
}

/// Makes the calls; gives how many were answered, and why it ended before the last.
fn calls(ctx: &mut Context<'_>, batch: &sysdemo_batch, flags: BatchFlags) -> (u32, Result) {
    const {
        assert!(offset_of!(sysdemo_batch, status) == offset_of!(sysdemo_batch, done) + 4);
    }
    if batch.count == 0 {
        return (0, Ok(()));
    }
    // CAST: A pointer of the caller's; on 32 bits its upper half is cut off as that of a register.
    let mut record = UserPtr::from_addr(batch.calls as usize);
    let mut asked = Asked::new_zeroed();
    if let Err(error) = record::read_first(record, &mut asked) {
        return (0, Err(error));
    }
    let signals = Signals::of_current();
    // CAST: Errors are the highest numbers there are without a sign. None is one that ends it if
    // errors do not.
    let highest = if flags.contains(BatchFlags::CONTINUE) {
        u64::MAX
    } else {
        -i64::from(kernel::bindings::MAX_ERRNO) as u64 - 1
    };
    let mut left = batch.count;
    let ending = loop {
        // This ioctl is not that call alone: calls that have been made must not be made again.
        let ret = dispatch_uncounted(ctx, asked.nr, &asked.args)
            .unwrap_or_else(|_| EINTR.to_errno().into());
        left -= 1;
        // CAST: As above.
        if ret as u64 > highest {
            // CAST: As above, and at least -4095.
            break Ending::Answer(ret, Err(Error::from_errno(ret as c_int)));
        }
        if left == 0 {
            break Ending::Answer(ret, Ok(()));
        }
        // Between records, so that a batch that is sent a signal again and again gets on as well.
        if signals.pending() {
            break Ending::Answer(ret, Err(EINTR));
        }
        if let Err(why) = record::answer_and_read(ctx, record, ret, &mut asked) {
            break Ending::Fault(why);
        }
        if asked.flags != 0 {
            break Ending::Flags;
        }
        record = record.wrapping_byte_add(size_of::<sysdemo_call>());
    };
    let made = batch.count - left;
    ctx.session.count_calls(made.into());
    match ending {
        Ending::Answer(ret, ended) => match record::answer(ctx, record, ret) {
            Ok(()) => (made, ended),
            Err(error) => (made - 1, Err(error)),
        },
        Ending::Fault(Unanswered::NotWritten) => (made - 1, Err(EFAULT)),
        Ending::Fault(Unanswered::NotRead) => (made, Err(EFAULT)),
        Ending::Flags => (made, Err(EINVAL)),
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
