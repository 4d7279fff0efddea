// SPDX-License-Identifier: GPL-2.0

//! To take an empty directory away.

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
    /// Takes an empty directory away, as `rmdir(2)`.
    ///
    /// Fails as [`Path::read`] and [`Tree::remove_directory`](crate::fs::Tree::remove_directory)
    /// do.
    #[nr(uapi::SYSDEMO_NR_RMDIR)]
    fn rmdir(ctx: &Context<'_>, path: UserIn<CStr>) -> Result<i64> {
        ctx.session.tree.remove_directory(&Path::read(&path)?)?;
        Ok(0)
    }
}
