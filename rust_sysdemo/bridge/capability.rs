// SPDX-License-Identifier: GPL-2.0

//! Capability checks.
//!
//! The C functions stop the kernel (`BUG()`) when they are given a number that is no capability,
//! so there is no way to give them one: a [`Capability`] is one of a few. A check that succeeds
//! marks the task as having used its rights, and one that fails may be audited: ask last, and only
//! for what is about to be done.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use core::ptr::addr_of_mut;
use kernel::{
    bindings,
    fs::File,
    prelude::*, //
};

/// A right that root has and that can be given alone.
#[derive(Clone, Copy)]
pub(crate) enum Capability {
    /// `CAP_SYS_ADMIN`: to administer the system.
    SysAdmin,
    /// `CAP_SYS_RAWIO`: to use the hardware directly.
    SysRawio,
    /// `CAP_SYSLOG`: to see where the kernel is, among others.
    Syslog,
}

impl Capability {
    /// The number that C has for it.
    const fn number(self) -> c_int {
        // CAST: Numbers of capabilities are small.
        (match self {
            Self::SysAdmin => bindings::CAP_SYS_ADMIN,
            Self::SysRawio => bindings::CAP_SYS_RAWIO,
            Self::Syslog => bindings::CAP_SYSLOG,
        }) as c_int
    }
}

/// Turns the answer of a check into a result.
fn granted(answer: bool) -> Result {
    if answer {
        Ok(())
    } else {
        Err(EPERM)
    }
}

/// Requires that the caller has a capability in the initial user namespace: root of a container is
/// not enough.
///
/// Fails with [`EPERM`] if it has not.
pub(crate) fn require(capability: Capability) -> Result {
    // SAFETY: The number is that of a capability, and this is the context of a task.
    granted(unsafe { bindings::capable(capability.number()) })
}

/// Requires that the caller has a capability in its own user namespace, as root of a container has.
///
/// That guards what belongs to the caller and nothing else: where user namespaces are free for all,
/// anybody can become root of one.
///
/// Fails with [`EPERM`] if it has not.
pub(crate) fn require_in_own_namespace(capability: Capability) -> Result {
    // SAFETY: The namespace of the running task exists as long as the task's credentials, which do
    // not change while it is in here; the number is that of a capability.
    granted(unsafe { bindings::ns_capable(bindings::current_user_ns(), capability.number()) })
}

/// Requires that who opened a file had a capability in the initial user namespace.
///
/// Fails with [`EPERM`] if they had not, whatever the caller may do.
pub(crate) fn require_of_opener(file: &File, capability: Capability) -> Result {
    // SAFETY: The file is valid by its type's invariant, the initial namespace always exists, and
    // the number is that of a capability.
    granted(unsafe {
        bindings::file_ns_capable(
            file.as_ptr(),
            addr_of_mut!(bindings::init_user_ns),
            capability.number(),
        )
    })
}

/// Whether the caller has a capability in the initial user namespace; the question is not audited.
pub(crate) fn has(capability: Capability) -> bool {
    // SAFETY: The initial namespace always exists, and the number is that of a capability.
    unsafe {
        bindings::ns_capable_noaudit(addr_of_mut!(bindings::init_user_ns), capability.number())
    }
}
