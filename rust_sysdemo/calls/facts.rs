// SPDX-License-Identifier: GPL-2.0

//! The facts that are in the device's page as well, by a call.

use crate::{
    bridge::time::Monotonic,
    syscall::{
        syscall,
        user_struct::{
            Out,
            UserStruct, //
        },
        Context,
        UserOut, //
    },
    uapi::{
        self,
        sysdemo_facts, //
    },
};
use kernel::prelude::*;

impl UserStruct for sysdemo_facts {
    const SIZE_VER0: usize = uapi::SYSDEMO_FACTS_SIZE_VER0 as usize;
}

syscall! {
    /// Tells the time, and how often the device was opened and closed.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if no version of the structure has that size, and with
    /// [`EFAULT`] if it cannot be written.
    #[nr(uapi::SYSDEMO_NR_FACTS)]
    fn facts(ctx: &Context<'_>, out: UserOut<sysdemo_facts>, size: usize) -> Result<i64> {
        let out = Out::new(&out, size)?;
        let counts = ctx.session.opening.vvar().counts();
        out.write(&sysdemo_facts {
            time: Monotonic::now().as_nanos_for_current(),
            coarse: Monotonic::coarse().as_nanos_for_current(),
            opened: counts.opened,
            closed: counts.closed,
        })?;
        Ok(0)
    }
}
