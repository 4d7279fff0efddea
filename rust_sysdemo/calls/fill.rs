// SPDX-License-Identifier: GPL-2.0

//! A call with a structure that has grown, as `openat2(2)` has.

use super::echo::MAX;
use crate::{
    bridge::plain::Plain,
    syscall::{
        flags,
        syscall,
        user_struct::{
            self,
            UserStruct, //
        },
        Argument,
        Context,
        UserIn, //
    },
    uapi::{
        self,
        sysdemo_fill, //
    },
};
use kernel::{
    prelude::*,
    uaccess::UserSlice, //
};

/// How much is written at once: after as many bytes, values that are counted are the same again.
const CHUNK: usize = 256;

flags! {
    /// Flags of [`fill`].
    struct FillFlags: u64 {
        /// Each byte is one more than the last.
        const COUNT = uapi::SYSDEMO_FILL_COUNT;
    }
}

impl UserStruct for sysdemo_fill {
    const SIZE_VER0: usize = uapi::SYSDEMO_FILL_SIZE_VER0 as usize;
}

syscall! {
    /// Fills an area of the caller's memory and gives its size.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if `size` or what lies beyond the known fields is not
    /// acceptable, see [`user_struct::read`]; with [`EINVAL`] if the structure has unknown flags or
    /// a value that is no byte, [`E2BIG`] if the area is larger than `SYSDEMO_COPY_MAX`, and
    /// [`EFAULT`] if the structure or the area is not there. A part of the area may have been
    /// written then.
    #[nr(uapi::SYSDEMO_NR_FILL)]
    fn fill(_ctx: &Context<'_>, how: UserIn<sysdemo_fill>, size: usize) -> Result<i64> {
        let how = user_struct::read(&how, size)?;
        let flags = FillFlags::try_from(how.flags)?;
        let value = u8::try_from(how.value).map_err(|_| EINVAL)?;
        let len = usize::from_register(how.len)?;
        if len > MAX {
            return Err(E2BIG);
        }

        let dst = UserPtr::from_addr(usize::from_register(how.dst)?);
        let mut area = UserSlice::new(dst, len).writer();
        let mut chunk = [value; CHUNK];
        if flags.contains(FillFlags::COUNT) {
            for (byte, more) in chunk.iter_mut().zip(0..=u8::MAX) {
                *byte = value.wrapping_add(more);
            }
        }
        while area.len() >= CHUNK {
            area.write(Plain::from_ref(&chunk))?;
        }
        if let Some(rest @ [_, ..]) = chunk.get(..area.len()) {
            area.write_slice(rest)?;
        }
        // CAST: `len` is at most `MAX`.
        Ok(len as i64)
    }
}
