// SPDX-License-Identifier: GPL-2.0

//! Capability checks.
//!
//! The C functions stop the kernel (`BUG()`) when they are given a number that is no capability,
//! so there is no way to give them one: a [`Capability`] is one of a few. A check that succeeds
//! marks the task as having used its rights, and one that fails may be audited: ask last, and only
//! for what is about to be done.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use super::cred::{
    Gid,
    Uid, //
};
use core::ptr::addr_of_mut;
use kernel::{
    bindings,
    fs::File,
    prelude::*, //
};

/// A right that root has and that can be given alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capability {
    /// `CAP_DAC_OVERRIDE`: to read, write and search whatever the permissions are.
    DacOverride,
    /// `CAP_DAC_READ_SEARCH`: to read, and to search directories, whatever the permissions are.
    DacReadSearch,
    /// `CAP_FOWNER`: to do what otherwise only the owner may.
    Fowner,
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
            Self::DacOverride => bindings::CAP_DAC_OVERRIDE,
            Self::DacReadSearch => bindings::CAP_DAC_READ_SEARCH,
            Self::Fowner => bindings::CAP_FOWNER,
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

/// Whether the caller has a capability over what belongs to a user and, if one is given, to a
/// group: C's `capable_wrt_inode_uidgid()`.
///
/// It has if it has the capability in its own user namespace and that has names for both: root of a
/// container is root over what belongs to the container's users, and over nothing else.
pub(crate) fn has_over(capability: Capability, uid: Uid, gid: Option<Gid>) -> bool {
    /// What C has for an id that a namespace has no name for.
    const UNMAPPED: u32 = u32::MAX;

    // SAFETY: The namespace of the running task exists as long as the task's credentials, which do
    // not change while it is in here.
    let namespace = unsafe { bindings::current_user_ns() };
    // SAFETY: As above.
    let knows_uid = unsafe { bindings::from_kuid(namespace, uid.as_raw()) } != UNMAPPED;
    let knows_gid = gid.is_none_or(|gid| {
        // SAFETY: As above.
        unsafe { bindings::from_kgid(namespace, gid.as_raw()) != UNMAPPED }
    });
    // SAFETY: As above; the number is that of a capability.
    knows_uid && knows_gid && unsafe { bindings::ns_capable(namespace, capability.number()) }
}
