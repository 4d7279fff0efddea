// SPDX-License-Identifier: GPL-2.0

//! To open a file.

use crate::{
    fs::{
        open,
        Path, //
    },
    syscall::{
        syscall,
        user_struct::{
            self,
            UserStruct, //
        },
        Context,
        UserIn, //
    },
    uapi::{
        self,
        sysdemo_open_how, //
    },
};
use kernel::prelude::*;

impl UserStruct for sysdemo_open_how {
    const SIZE_VER0: usize = uapi::SYSDEMO_OPEN_HOW_SIZE_VER0 as usize;
}

syscall! {
    /// Opens a file or directory of the tree, and gives a descriptor for it, as `openat2(2)`. It is
    /// the caller's when the ioctl has returned.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if `size` or what lies beyond the known fields is not
    /// acceptable, with [`EINVAL`] or [`EAGAIN`] if what the structure says does not go together,
    /// [`EFAULT`] if it cannot be read, and then as [`open::open`] does.
    #[nr(uapi::SYSDEMO_NR_OPEN)]
    fn open(
        ctx: &Context<'_>,
        path: UserIn<CStr>,
        how: UserIn<sysdemo_open_how>,
        size: usize,
    ) -> Result<i64> {
        let how = open::How::try_from(user_struct::read(&how, size)?)?;
        let path = Path::read(&path);
        let session = ctx.session;
        let mount = || session.mount();
        let opened = open::open(&session.tree, mount, &session.restriction, path, &how)?;
        let fd = opened.fd();
        ctx.opened.set(Some(opened));
        Ok(fd.into())
    }
}
