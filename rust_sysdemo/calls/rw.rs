// SPDX-License-Identifier: GPL-2.0

//! To read and write a file by the number of a call, as C's `SYSCALL_DEFINE3(read)` does.

use crate::{
    bridge::open_file::Descriptor,
    syscall::{
        syscall,
        Context,
        UserIn,
        UserOut, //
    },
    uapi, //
};
use kernel::prelude::*;

syscall! {
    /// Reads from a file of the tree, at its position, and gives the number of bytes: `read(2)`.
    ///
    /// Fails with [`EBADF`] if there is no such file, and as [`Descriptor::read`] does.
    #[nr(uapi::SYSDEMO_NR_READ)]
    fn read(_ctx: &Context<'_>, fd: i32, buffer: UserOut<u8>, count: usize) -> Result<i64> {
        let done = Descriptor::get(fd)?.read(buffer.as_user_ptr(), count)?;
        // CAST: Less than 2 GiB.
        Ok(done as i64)
    }
}

syscall! {
    /// Writes to a file of the tree, at its position, and gives the number of bytes: `write(2)`.
    ///
    /// Fails with [`EBADF`] if there is no such file, and as [`Descriptor::write`] does.
    #[nr(uapi::SYSDEMO_NR_WRITE)]
    fn write(_ctx: &Context<'_>, fd: i32, buffer: UserIn<u8>, count: usize) -> Result<i64> {
        let done = Descriptor::get(fd)?.write(buffer.as_user_ptr(), count)?;
        // CAST: Less than 2 GiB.
        Ok(done as i64)
    }
}
