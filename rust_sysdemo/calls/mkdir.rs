// SPDX-License-Identifier: GPL-2.0

//! To make a directory.

use crate::{
    fs::Path,
    syscall::{
        syscall,
        Context,
        UserIn, //
    },
    uapi, //
};
use kernel::prelude::*;

syscall! {
    /// Makes a directory, as `mkdir(2)`: what a mode has besides permissions and the sticky bit
    /// does not count.
    ///
    /// Fails as [`Path::read`] and [`Tree::make_directory`](crate::fs::Tree::make_directory) do.
    #[nr(uapi::SYSDEMO_NR_MKDIR)]
    fn mkdir(ctx: &Context<'_>, path: UserIn<CStr>, mode: u32) -> Result<i64> {
        let path = Path::read(&path)?;
        // CAST: Takes the bits that count.
        ctx.session.tree.make_directory(&path, mode as u16)?;
        Ok(0)
    }
}
