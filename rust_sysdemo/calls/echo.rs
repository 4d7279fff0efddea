// SPDX-License-Identifier: GPL-2.0

//! The caller's memory, read and written.

use crate::{
    syscall::{
        flags,
        syscall,
        Context,
        UserIn,
        UserOut, //
    },
    uapi, //
};
use kernel::prelude::*;

/// The most bytes that are copied.
pub(super) const MAX: usize = uapi::SYSDEMO_COPY_MAX as usize;

flags! {
    /// Flags of [`echo`].
    struct EchoFlags: u32 {
        /// The last byte goes first.
        const REVERSE = uapi::SYSDEMO_ECHO_REVERSE;
    }
}

syscall! {
    /// Copies `size` bytes from `src` to `dst` and gives `size`.
    ///
    /// All bytes are read before the first is written, so the areas may overlap. Nothing is touched
    /// if `size` is 0, whatever the pointers are, as with `read(2)`.
    ///
    /// Fails with [`EINVAL`] if `flags` has unknown bits, [`E2BIG`] if `size` is larger than
    /// `SYSDEMO_COPY_MAX`, [`EFAULT`] if an area is not there, and [`ENOMEM`]. If it is `dst` that
    /// is only partly there, that part may have been written.
    #[nr(uapi::SYSDEMO_NR_ECHO)]
    fn echo(
        _ctx: &Context<'_>,
        dst: UserOut<u8>,
        src: UserIn<u8>,
        size: usize,
        flags: EchoFlags,
    ) -> Result<i64> {
        // Before the allocation: its size is the caller's word.
        if size > MAX {
            return Err(E2BIG);
        }
        let mut bytes = KVVec::new();
        src.reader(size).read_all(&mut bytes, GFP_KERNEL_ACCOUNT)?;
        if flags.contains(EchoFlags::REVERSE) {
            bytes.reverse();
        }
        dst.writer(size).write_slice(&bytes)?;
        // CAST: `size` is at most `MAX`.
        Ok(size as i64)
    }
}
