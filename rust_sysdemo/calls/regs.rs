// SPDX-License-Identifier: GPL-2.0

//! What the entry saved of the caller.

use crate::{
    bridge::arch,
    syscall::{
        syscall,
        user_struct::{
            self,
            UserStruct, //
        },
        Context,
        UserOut, //
    },
    uapi::{
        self,
        sysdemo_regs, //
    },
};
use kernel::prelude::*;

impl UserStruct for sysdemo_regs {
    const SIZE_VER0: usize = uapi::SYSDEMO_REGS_SIZE_VER0 as usize;
}

syscall! {
    /// Tells the caller's user registers, as the real system call that it is in saved them.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if no version of the structure has that size,
    /// [`EFAULT`] if it cannot be written, and [`EOPNOTSUPP`] on an architecture that this module
    /// does not know.
    #[nr(uapi::SYSDEMO_NR_REGS)]
    fn regs(ctx: &Context<'_>, out: UserOut<sysdemo_regs>, size: usize) -> Result<i64> {
        let out = user_struct::Out::new(&out, size)?;
        let regs = arch::user_registers(ctx.compat).ok_or(EOPNOTSUPP)?;
        out.write(&regs)?;
        Ok(0)
    }
}
