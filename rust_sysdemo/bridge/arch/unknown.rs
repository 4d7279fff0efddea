// SPDX-License-Identifier: GPL-2.0

//! An architecture of which this module does not know how it enters the kernel.

use crate::uapi::{
    sysdemo_entry,
    sysdemo_regs, //
};
use kernel::prelude::*;

/// Whether registers and entry can be told.
pub(crate) const KNOWN: bool = false;

/// Tells nothing.
pub(crate) fn user_registers(_compat: bool) -> Option<sysdemo_regs> {
    None
}

/// Fails with [`EOPNOTSUPP`].
pub(crate) fn entry() -> Result<sysdemo_entry> {
    Err(EOPNOTSUPP)
}
