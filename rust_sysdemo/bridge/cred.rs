// SPDX-License-Identifier: GPL-2.0

//! The caller's credentials.
//!
//! The `kernel` crate has the credentials of a file, but not those of the running task:
//! `current_cred()` is a macro in C.
//!
//! C header: [`include/linux/cred.h`](srctree/include/linux/cred.h)

use kernel::{
    bindings,
    current, //
};

/// A user as the kernel knows it, whatever a user namespace calls it: C's `kuid_t`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uid(pub(crate) u32);

/// A group as the kernel knows it: C's `kgid_t`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gid(pub(crate) u32);

impl Uid {
    /// Root of the initial user namespace.
    pub(crate) const ROOT: Self = Self(0);

    /// As C has it.
    pub(super) fn as_raw(self) -> bindings::kuid_t {
        bindings::kuid_t { val: self.0 }
    }

    /// What the caller's user namespace calls it; the overflow id if it has no name for it.
    pub(crate) fn in_own_namespace(self) -> u32 {
        // SAFETY: The namespace of the running task exists as long as the task's credentials, which
        // do not change while it is in here.
        unsafe { bindings::from_kuid_munged(bindings::current_user_ns(), self.as_raw()) }
    }
}

impl Gid {
    /// Root's group of the initial user namespace.
    pub(crate) const ROOT: Self = Self(0);

    /// As C has it.
    pub(super) fn as_raw(self) -> bindings::kgid_t {
        bindings::kgid_t { val: self.0 }
    }

    /// What the caller's user namespace calls it; the overflow id if it has no name for it.
    pub(crate) fn in_own_namespace(self) -> u32 {
        // SAFETY: As for a user.
        unsafe { bindings::from_kgid_munged(bindings::current_user_ns(), self.as_raw()) }
    }

    /// Whether the running task is in the group, by its group id for file systems or by one of its
    /// supplementary groups.
    pub(crate) fn has_current(self) -> bool {
        // SAFETY: Looks at the credentials of the running task.
        unsafe { bindings::in_group_p(self.as_raw()) != 0 }
    }
}

/// User and group of the running task where file systems are concerned.
pub(crate) fn current_fs_ids() -> (Uid, Gid) {
    let task = current!().as_ptr();
    // SAFETY: `current->cred` is changed by the task itself alone, which is in here, and the fields
    // never change once the credentials are somebody's. The task holds a reference to them.
    unsafe {
        let cred = (*task).cred;
        (Uid((*cred).fsuid.val), Gid((*cred).fsgid.val))
    }
}

/// Ids and rights of the running task.
///
/// Ids are those that its own user namespace has for them.
pub(crate) struct Ids {
    pub(crate) uid: u32,
    pub(crate) euid: u32,
    pub(crate) suid: u32,
    pub(crate) fsuid: u32,
    pub(crate) gid: u32,
    pub(crate) egid: u32,
    pub(crate) sgid: u32,
    pub(crate) fsgid: u32,
    pub(crate) cap_effective: u64,
    pub(crate) user_ns_level: u32,
}

/// Tells the ids and rights of the running task.
pub(crate) fn current_ids() -> Ids {
    let task = current!().as_ptr();
    // SAFETY: `current->cred` is changed by the task itself alone, which is in here.
    let cred = unsafe { (*task).cred };
    // Not a reference: others count theirs in the first field all the time. The fields that are
    // read here never change once the credentials are somebody's.
    //
    // SAFETY: The task holds a reference to its credentials for as long as it has them.
    let namespace = unsafe { (*cred).user_ns };

    // SAFETY: Credentials hold a reference to their user namespace.
    let uid = |id| unsafe { bindings::from_kuid_munged(namespace, id) };
    // SAFETY: As above.
    let gid = |id| unsafe { bindings::from_kgid_munged(namespace, id) };
    // SAFETY: As above; the level is set once, when the namespace is made.
    let level = unsafe { (*namespace).level };

    // SAFETY: As above.
    unsafe {
        Ids {
            uid: uid((*cred).uid),
            euid: uid((*cred).euid),
            suid: uid((*cred).suid),
            fsuid: uid((*cred).fsuid),
            gid: gid((*cred).gid),
            egid: gid((*cred).egid),
            sgid: gid((*cred).sgid),
            fsgid: gid((*cred).fsgid),
            cap_effective: (*cred).cap_effective.val,
            // CAST: A level is between 0 and 32.
            user_ns_level: level as u32,
        }
    }
}
