// SPDX-License-Identifier: GPL-2.0

//! How this CPU enters the kernel.

use crate::{
    bridge::{
        arch,
        capability::{
            self,
            Capability, //
        },
        lockdown, //
    },
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
        sysdemo_entry, //
    },
};
use kernel::prelude::*;

impl UserStruct for sysdemo_entry {
    const SIZE_VER0: usize = uapi::SYSDEMO_ENTRY_SIZE_VER0 as usize;
}

syscall! {
    /// Tells by which mechanism this CPU enters the kernel, and what guards the way.
    ///
    /// Fails with [`EPERM`] if the caller lacks `CAP_SYS_RAWIO` or the kernel is locked down for
    /// confidentiality, [`EINVAL`] or [`E2BIG`] if no version of the structure has that size,
    /// [`EFAULT`] if it cannot be written, and [`EOPNOTSUPP`] on an architecture that this module
    /// does not know.
    #[nr(uapi::SYSDEMO_NR_ENTRY)]
    fn entry(_ctx: &Context<'_>, out: UserOut<sysdemo_entry>, size: usize) -> Result<i64> {
        let out = user_struct::Out::new(&out, size)?;
        capability::require(Capability::SysRawio)?;
        lockdown::require_kernel_reads_allowed()?;
        let mut entry = arch::entry()?;
        // The address gives the kernel's place in memory away. To leave it out is no failure, so
        // the question is not for the audit.
        if !capability::has(Capability::Syslog) {
            entry.lstar = 0;
        }
        out.write(&entry)?;
        Ok(0)
    }
}
