// SPDX-License-Identifier: GPL-2.0

//! To take the name of a file away.

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
    /// Takes the name of a file away, as `unlink(2)`.
    ///
    /// Fails as [`Path::read`] and [`Tree::unlink`](crate::fs::Tree::unlink) do.
    #[nr(uapi::SYSDEMO_NR_UNLINK)]
    fn unlink(ctx: &Context<'_>, path: UserIn<CStr>) -> Result<i64> {
        ctx.session.tree.unlink(&Path::read(&path)?)?;
        Ok(0)
    }
}
