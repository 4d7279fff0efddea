// SPDX-License-Identifier: GPL-2.0

//! Several calls for one trip into the kernel.

use super::record;
use crate::{
    bridge::plain::Plain,
    syscall::{
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
use kernel::{
    current,
    prelude::*, //
};

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
    record::write(arg.wrapping_byte_add(offset_of!(sysdemo_batch, done)), done)?;
    record::write(
        arg.wrapping_byte_add(offset_of!(sysdemo_batch, status)),
        status,
    )?;
    Ok(0)
}

/// Makes the calls; gives how many, and why it ended before the last.
fn calls(ctx: &mut Context<'_>, batch: &sysdemo_batch, flags: BatchFlags) -> (u32, Result) {
    // CAST: A pointer of the caller's; on 32 bits its upper half is cut off as that of a register.
    let mut next = UserPtr::from_addr(batch.calls as usize);
    for done in 0..batch.count {
        // Between records, so that a batch that is sent a signal again and again gets on as well.
        if done > 0 && current!().signal_pending() {
            return (done, Err(EINTR));
        }
        // This ioctl is not that call alone: calls that have been made must not be made again.
        let interrupted = |_| Ok(i64::from(EINTR.to_errno()));
        let ret = match record::call(ctx, next, interrupted) {
            Ok(ret) => ret,
            Err(error) => return (done, Err(error)),
        };
        next = next.wrapping_byte_add(size_of::<sysdemo_call>());

        let failed = (-i64::from(kernel::bindings::MAX_ERRNO)..0).contains(&ret);
        if failed && !flags.contains(BatchFlags::CONTINUE) {
            // CAST: At least -4095.
            return (done.saturating_add(1), Err(Error::from_errno(ret as c_int)));
        }
    }
    (batch.count, Ok(()))
}
