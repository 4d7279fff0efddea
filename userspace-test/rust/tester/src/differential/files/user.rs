// SPDX-License-Identifier: GPL-2.0

//! Who takes the steps.

use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// A user: effective ids, which those for file systems follow, and further groups.
pub(crate) struct User {
    user: u32,
    group: u32,
    groups: &'static [u32],
}

/// Root, two users with a group in common, one who has nothing to do with them, and root's group
/// without root's rights.
pub(crate) const USERS: [User; 5] = [
    User {
        user: 0,
        group: 0,
        groups: &[],
    },
    User {
        user: 1001,
        group: 1001,
        groups: &[2000],
    },
    User {
        user: 1002,
        group: 2000,
        groups: &[],
    },
    User {
        user: 1003,
        group: 1003,
        groups: &[3000, 3001],
    },
    User {
        user: 1004,
        group: 0,
        groups: &[1001],
    },
];

/// Makes this thread, and it alone, that user.
pub(crate) fn become_user(number: u8) {
    let User {
        user,
        group,
        groups,
    } = &USERS[usize::from(number) % USERS.len()];
    let same_user = Option::<Uid>::None;
    let same_group = Option::<Gid>::None;
    let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
    // It stays root underneath, which alone may become somebody else.
    set_thread_res_uid(same_user, Uid::ROOT, same_user).expect("it is root underneath");
    set_thread_groups(&groups).expect("root may");
    set_thread_res_gid(same_group, Gid::from_raw(*group), same_group).expect("root may");
    set_thread_res_uid(same_user, Uid::from_raw(*user), same_user).expect("root may");
}
