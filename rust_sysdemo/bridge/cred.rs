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
