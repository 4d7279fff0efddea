// SPDX-License-Identifier: GPL-2.0

//! What a locked-down kernel forbids even root.
//!
//! C header: [`include/linux/security.h`](srctree/include/linux/security.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// Requires that the kernel's own secrets may be read.
///
/// Fails with [`EPERM`] if the kernel is locked down for confidentiality.
pub(crate) fn require_kernel_reads_allowed() -> Result {
    // SAFETY: The reason is one of those that C has; this is the context of a task.
    to_result(unsafe {
        bindings::security_locked_down(bindings::lockdown_reason_LOCKDOWN_DBG_READ_KERNEL)
    })
}
