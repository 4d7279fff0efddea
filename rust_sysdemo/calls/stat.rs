// SPDX-License-Identifier: GPL-2.0

//! What a file or directory is.

use crate::{
    fs::Path,
    syscall::{
        syscall,
        user_struct::{
            self,
            UserStruct, //
        },
        Context,
        UserIn,
        UserOut, //
    },
    uapi::{
        self,
        sysdemo_stat, //
    },
};
use kernel::prelude::*;

impl UserStruct for sysdemo_stat {
    const SIZE_VER0: usize = uapi::SYSDEMO_STAT_SIZE_VER0 as usize;
}

syscall! {
    /// Tells what is at the end of a path. Gives 1 if there was something to say that the caller's
    /// structure has no room for, otherwise 0.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if no version of the structure has that size, [`EFAULT`]
    /// if it cannot be written, and as [`Path::read`] and [`Tree::find`](crate::fs::Tree::find) do.
    #[nr(uapi::SYSDEMO_NR_STAT)]
    fn stat(
        ctx: &Context<'_>,
        path: UserIn<CStr>,
        out: UserOut<sysdemo_stat>,
        size: usize,
    ) -> Result<i64> {
        let out = user_struct::Out::new(&out, size)?;
        let node = ctx.session.tree.find(&Path::read(&path)?)?;
        let told = node.tell();
        let stat = sysdemo_stat {
            ino: node.number(),
            size: told.size,
            blocks: told.blocks,
            mtime: told.mtime,
            ctime: told.ctime,
            btime: told.btime,
            mode: told.mode,
            nlink: told.nlink,
            uid: node.owner().in_own_namespace(),
            gid: node.group().in_own_namespace(),
        };
        Ok(out.write(&stat)?.into())
    }
}
