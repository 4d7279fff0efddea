// SPDX-License-Identifier: GPL-2.0

//! Labels: something to guard, with each kind of capability check.
//!
//! | what | may be done by | as in the kernel |
//! |---|---|---|
//! | set the module's | who has the capability in the initial user namespace | `capable()` |
//! | set the session's | who has it in the user namespace that it is in | `ns_capable()` |
//! | clear the module's | whom had it when the device was opened | `file_ns_capable()` |
//!
//! The second guards nothing of anybody else's: where user namespaces are free for all, everybody
//! can become root of one. It is right for what belongs to the caller's namespace.
//!
//! The check is the last thing before the act: it marks the task as one that used its rights and
//! may be audited, which must not happen for a call that fails for another reason.

use crate::{
    bridge::capability::{
        self,
        Capability, //
    },
    syscall::{
        syscall,
        Argument,
        Context,
        UserIn,
        UserOut, //
    },
    uapi, //
};
use kernel::prelude::*;

/// The longest label, in bytes.
const MAX: usize = uapi::SYSDEMO_LABEL_MAX as usize;

/// A label: a short string.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    /// The string, then zeros, at least one.
    bytes: [u8; MAX + 1],
}

impl Label {
    /// The label that nobody has set.
    pub(crate) const EMPTY: Self = Self {
        bytes: [0; MAX + 1],
    };

    /// Reads a label.
    ///
    /// Fails with [`ENAMETOOLONG`] if the string is longer than `SYSDEMO_LABEL_MAX` bytes, and with
    /// [`EFAULT`] if it cannot be read.
    fn read(string: &UserIn<CStr>) -> Result<Self> {
        // A string that is too long is cut to the size of the buffer, so there is room for one byte
        // too many, which tells.
        let mut buffer = [0; MAX + 2];
        let string = string.reader(buffer.len()).strcpy_into_buf(&mut buffer)?;
        if string.to_bytes().len() > MAX {
            return Err(ENAMETOOLONG);
        }
        let mut label = Self::EMPTY;
        for (to, from) in label.bytes.iter_mut().zip(string.to_bytes()) {
            *to = *from;
        }
        Ok(label)
    }

    /// The string with the zero byte at its end.
    fn as_bytes_with_nul(&self) -> &[u8] {
        let len = self.bytes.iter().take_while(|byte| **byte != 0).count();
        self.bytes.get(..=len).unwrap_or(&self.bytes)
    }
}

/// Which label is meant.
enum Which {
    /// `SYSDEMO_LABEL_MODULE`
    Module,
    /// `SYSDEMO_LABEL_SESSION`
    Session,
}

impl Argument for Which {
    const NAME: &'static str = u32::NAME;

    #[inline(always)]
    fn from_register(register: u64) -> Result<Self> {
        match u32::from_register(register)? {
            uapi::SYSDEMO_LABEL_MODULE => Ok(Self::Module),
            uapi::SYSDEMO_LABEL_SESSION => Ok(Self::Session),
            _ => Err(EINVAL),
        }
    }
}

syscall! {
    /// Sets a label.
    ///
    /// Fails with [`EINVAL`] if there is no such label, [`ENAMETOOLONG`] if the string is too long,
    /// [`EFAULT`] if it cannot be read, and [`EPERM`] if the caller lacks `CAP_SYS_ADMIN`: for the
    /// module's label in the initial user namespace, for the session's in its own.
    #[nr(uapi::SYSDEMO_NR_SET_LABEL)]
    fn set_label(ctx: &Context<'_>, which: Which, label: UserIn<CStr>) -> Result<i64> {
        let label = Label::read(&label)?;
        match which {
            Which::Module => {
                capability::require(Capability::SysAdmin)?;
                ctx.session.global.set_label(label);
            }
            Which::Session => {
                capability::require_in_own_namespace(Capability::SysAdmin)?;
                *ctx.session.label.lock() = label;
            }
        }
        Ok(0)
    }
}

syscall! {
    /// Gives a label out and gives the number of bytes written, the zero at the end among them.
    ///
    /// Fails with [`EINVAL`] if there is no such label, [`ERANGE`] if the buffer is too small, and
    /// [`EFAULT`] if it cannot be written.
    #[nr(uapi::SYSDEMO_NR_GET_LABEL)]
    fn get_label(
        ctx: &Context<'_>,
        which: Which,
        buffer: UserOut<u8>,
        size: usize,
    ) -> Result<i64> {
        // A copy: no lock is held while the caller's memory is touched.
        let label = match which {
            Which::Module => ctx.session.global.label(),
            Which::Session => *ctx.session.label.lock(),
        };
        let bytes = label.as_bytes_with_nul();
        if size < bytes.len() {
            return Err(ERANGE);
        }
        buffer.writer(bytes.len()).write_slice(bytes)?;
        // CAST: A label is short.
        Ok(bytes.len() as i64)
    }
}

syscall! {
    /// Empties the module's label.
    ///
    /// Fails with [`EPERM`] if who opened the device lacked `CAP_SYS_ADMIN` in the initial user
    /// namespace. Who calls does not matter: a program that is tricked into a call on a descriptor
    /// that somebody else opened (its standard output, say) must not lend its rights.
    #[nr(uapi::SYSDEMO_NR_CLEAR_LABEL)]
    fn clear_label(ctx: &Context<'_>) -> Result<i64> {
        capability::require_of_opener(ctx.file, Capability::SysAdmin)?;
        ctx.session.global.set_label(Label::EMPTY);
        Ok(0)
    }
}
