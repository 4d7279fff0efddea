// SPDX-License-Identifier: GPL-2.0

//! Who may do what: C's `generic_permission()` and its companions.
//!
//! The rules ask a [`Subject`] what they need to know, and nothing else of who is calling. That is
//! the running task, or, in the tests here, somebody made up.

use crate::bridge::{
    capability::{
        self,
        Capability, //
    },
    cred::{
        self,
        Gid,
        Uid, //
    },
};
use kernel::prelude::*;

/// The bit of permissions that lets only owners take things out of a directory.
const STICKY: u16 = 0o1000;

/// What is to be done, by the bits that permissions have for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Want(u16);

impl Want {
    /// To go through a directory to what is in it.
    pub(super) const SEARCH: Self = Self(1);
    /// To write to a file.
    pub(super) const WRITE: Self = Self(2);
    /// To read a file, or to list a directory.
    pub(super) const READ: Self = Self(4);
    /// To make or take away something in a directory.
    pub(super) const CHANGE_NAMES: Self = Self(2 | 1);

    /// This and another.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it includes all of another.
    pub(super) fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What rights to something depend on.
#[derive(Clone, Copy)]
pub(super) struct Object {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    /// Nine bits for owner, group and others, and the sticky one.
    pub(super) permissions: u16,
    pub(super) directory: bool,
}

/// Somebody who wants to do something.
pub(super) trait Subject {
    /// The user that it is.
    fn uid(&self) -> Uid;
    /// Whether it is in a group.
    fn is_in(&self, gid: Gid) -> bool;
    /// Whether it has a capability over what belongs to a user and, if one is given, to a group.
    fn has(&self, capability: Capability, uid: Uid, gid: Option<Gid>) -> bool;
}

/// The running task.
pub(crate) struct Caller {
    uid: Uid,
    gid: Gid,
}

impl Caller {
    /// Looks who it is.
    pub(crate) fn new() -> Self {
        let (uid, gid) = cred::current_fs_ids();
        Self { uid, gid }
    }

    /// The group of what it makes.
    pub(super) fn gid(&self) -> Gid {
        self.gid
    }
}

impl Subject for Caller {
    fn uid(&self) -> Uid {
        self.uid
    }

    fn is_in(&self, gid: Gid) -> bool {
        gid.has_current()
    }

    fn has(&self, capability: Capability, uid: Uid, gid: Option<Gid>) -> bool {
        capability::has_over(capability, uid, gid)
    }
}

/// Whether the permissions alone allow something.
///
/// The first of owner, group and others that it is counts, even if another would be better.
fn is_permitted(subject: &impl Subject, object: &Object, want: Want) -> bool {
    let permissions = object.permissions;
    let bits = if subject.uid() == object.uid {
        permissions >> 6
    } else if subject.is_in(object.gid) {
        permissions >> 3
    } else {
        permissions
    };
    want.0 & !bits == 0
}

/// Requires that somebody may do something.
///
/// Fails with [`EACCES`] if they may not. Capabilities are asked for last, as to use one is noted.
pub(super) fn require(subject: &impl Subject, object: &Object, want: Want) -> Result {
    if is_permitted(subject, object, want) {
        return Ok(());
    }
    let has = |capability| subject.has(capability, object.uid, Some(object.gid));
    let only_looks = if object.directory {
        !want.includes(Want::WRITE)
    } else {
        want == Want::READ
    };
    if only_looks && has(Capability::DacReadSearch) {
        return Ok(());
    }
    // To execute is another matter, but nothing here is executed.
    if has(Capability::DacOverride) {
        return Ok(());
    }
    Err(EACCES)
}

/// Whether somebody owns something, or may act as if: C's `inode_owner_or_capable()`.
pub(super) fn is_owner(subject: &impl Subject, object: &Object) -> bool {
    subject.uid() == object.uid || subject.has(Capability::Fowner, object.uid, None)
}

/// Requires that somebody may take something out of a directory.
///
/// Fails with [`EACCES`] if they may not take anything out of it, and with [`EPERM`] if it is a
/// sticky one and neither it nor the thing is theirs.
pub(super) fn require_removal(
    subject: &impl Subject,
    directory: &Object,
    object: &Object,
) -> Result {
    require(subject, directory, Want::CHANGE_NAMES)?;
    if directory.permissions & STICKY == 0
        || subject.uid() == object.uid
        || subject.uid() == directory.uid
        || subject.has(Capability::Fowner, object.uid, Some(object.gid))
    {
        Ok(())
    } else {
        Err(EPERM)
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_access)]
mod tests {
    use super::*;

    /// Somebody, in one group, who has capabilities over the users and groups below 100.
    struct Somebody {
        uid: u32,
        gid: u32,
        capabilities: &'static [Capability],
    }

    impl Subject for Somebody {
        fn uid(&self) -> Uid {
            Uid(self.uid)
        }

        fn is_in(&self, gid: Gid) -> bool {
            self.gid == gid.0
        }

        fn has(&self, capability: Capability, uid: Uid, gid: Option<Gid>) -> bool {
            uid.0 < 100
                && gid.is_none_or(|gid| gid.0 < 100)
                && self.capabilities.contains(&capability)
        }
    }

    fn somebody(uid: u32, gid: u32) -> Somebody {
        Somebody {
            uid,
            gid,
            capabilities: &[],
        }
    }

    fn with(capabilities: &'static [Capability]) -> Somebody {
        Somebody {
            capabilities,
            ..somebody(9, 9)
        }
    }

    /// Belongs to user 1 and group 2.
    fn object(permissions: u16, directory: bool) -> Object {
        Object {
            uid: Uid(1),
            gid: Gid(2),
            permissions,
            directory,
        }
    }

    #[test]
    fn the_first_that_one_is_counts() {
        for bits in 0..0o1000 {
            for directory in [false, true] {
                let object = object(bits, directory);
                for want in 0..8 {
                    let allowed = |bits: u16| want & !bits == 0;
                    let may = |subject| require(&subject, &object, Want(want)).is_ok();
                    assert!(may(somebody(1, 2)) == allowed(bits >> 6));
                    assert!(may(somebody(9, 2)) == allowed(bits >> 3 & 7));
                    assert!(may(somebody(9, 9)) == allowed(bits & 7));
                }
            }
        }
    }

    #[test]
    fn capabilities_stand_in_for_permissions() {
        let override_all = with(&[Capability::DacOverride]);
        let look = with(&[Capability::DacReadSearch]);
        for want in 1..8 {
            let file = object(0, false);
            let directory = object(0, true);
            assert!(require(&override_all, &file, Want(want)).is_ok());
            assert!(require(&override_all, &directory, Want(want)).is_ok());
            assert!(require(&look, &file, Want(want)).is_ok() == (want == 4));
            assert!(require(&look, &directory, Want(want)).is_ok() == (want & 2 == 0));
        }
    }

    #[test]
    fn capabilities_end_where_the_ids_have_no_meaning() {
        let subject = with(&[Capability::DacOverride, Capability::Fowner]);
        for (uid, gid) in [(100, 2), (1, 100)] {
            let object = Object {
                uid: Uid(uid),
                gid: Gid(gid),
                ..object(0, false)
            };
            assert_eq!(require(&subject, &object, Want::READ), Err(EACCES));
            // A group has nothing to do with who the owner is.
            assert!(is_owner(&subject, &object) == (uid == 1));
        }
    }

    #[test]
    fn what_is_sticky_keeps_others_things() {
        let theirs = object(0o777, false);
        let sticky = Object {
            uid: Uid(3),
            ..object(0o1777, true)
        };
        let may = |subject| require_removal(&subject, &sticky, &theirs);
        assert_eq!(may(somebody(1, 9)), Ok(()));
        assert_eq!(may(somebody(3, 9)), Ok(()));
        assert_eq!(may(with(&[Capability::Fowner])), Ok(()));
        assert_eq!(may(somebody(9, 2)), Err(EPERM));
        assert_eq!(may(with(&[Capability::DacOverride])), Err(EPERM));

        // What is not sticky keeps nothing, and what cannot be written keeps everything.
        let open = object(0o777, true);
        assert_eq!(require_removal(&somebody(9, 9), &open, &theirs), Ok(()));
        let closed = object(0o1755, true);
        let other = somebody(9, 9);
        assert_eq!(require_removal(&other, &closed, &theirs), Err(EACCES));
    }
}
