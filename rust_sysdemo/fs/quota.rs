// SPDX-License-Identifier: GPL-2.0

//! How much there may be: of files and directories, and of what is in them.
//!
//! All is counted exactly: a [`Charge`] is what one node has taken, and gives it back when it goes.
//! What is counted of a file is its pages, not its size: what was never written takes none. Who
//! pays is the owner, whoever writes, as with the quotas of file systems. The memory itself is,
//! besides, on the account of who makes it needed.

use crate::bridge::cred::Uid;
use kernel::{
    new_spinlock,
    page::PAGE_SIZE,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNode,
        RBTreeNodeReservation, //
    },
    sync::{
        Arc,
        SpinLock, //
    },
};

/// Something that is counted.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Files and directories.
    pub(super) nodes: usize,
    /// Pages of files.
    pub(super) pages: usize,
}

impl Usage {
    /// A node, without any page.
    const NODE: Self = Self { nodes: 1, pages: 0 };

    /// Adds, if the sum is within a limit.
    fn plus(self, more: Self, limit: Self) -> Option<Self> {
        let sum = Self {
            nodes: self.nodes.checked_add(more.nodes)?,
            pages: self.pages.checked_add(more.pages)?,
        };
        (sum.nodes <= limit.nodes && sum.pages <= limit.pages).then_some(sum)
    }

    /// Takes away what was added.
    fn minus(self, less: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_sub(less.nodes),
            pages: self.pages.saturating_sub(less.pages),
        }
    }
}

/// What an administrator allows.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// All of the tree.
    total: Usage,
    /// What one user owns of it.
    user: Usage,
    /// The largest size of a file.
    file_size: usize,
}

impl Limits {
    /// The most that a file can be allowed to have: what is larger would want another way to find
    /// its pages.
    const FILE_SIZE_MAX: u64 = 1 << 30;

    /// Takes the module's parameters, in bytes and in numbers of files and directories. Parts of a
    /// page are not counted.
    pub(crate) fn new(
        total_bytes: u64,
        total_nodes: u64,
        user_bytes: u64,
        user_nodes: u64,
        file_bytes: u64,
    ) -> Self {
        let usage = |nodes, bytes: u64| Usage {
            nodes: usize::try_from(nodes).unwrap_or(usize::MAX),
            // CAST: The size of a page is a small number.
            pages: usize::try_from(bytes / PAGE_SIZE as u64).unwrap_or(usize::MAX),
        };
        Self {
            total: usage(total_nodes, total_bytes),
            user: usage(user_nodes, user_bytes),
            // CAST: At most `FILE_SIZE_MAX`.
            file_size: file_bytes.min(Self::FILE_SIZE_MAX) as usize,
        }
    }
}

/// What is used.
struct Counts {
    total: Usage,
    /// Of each user who owns anything.
    users: RBTree<Uid, Usage>,
}

impl Counts {
    /// Requires that more could be counted of a user.
    ///
    /// Fails as [`Charge::take_node`] does.
    fn require(&self, limits: &Limits, uid: Uid, more: Usage) -> Result {
        let used = self.users.get(&uid).copied().unwrap_or_default();
        used.plus(more, limits.user).ok_or(EDQUOT)?;
        self.total.plus(more, limits.total).ok_or(ENOSPC)?;
        Ok(())
    }

    /// Counts more of a user, for whom there is room or some is taken.
    ///
    /// Fails as [`Charge::take_node`] does, and then nothing is counted.
    fn add(&mut self, limits: &Limits, uid: Uid, more: Usage, room: &mut Option<Room>) -> Result {
        let total = self.total.plus(more, limits.total).ok_or(ENOSPC);
        match self.users.get_mut(&uid) {
            Some(user) => {
                let used = user.plus(more, limits.user).ok_or(EDQUOT)?;
                self.total = total?;
                *user = used;
            }
            None => {
                let used = Usage::default().plus(more, limits.user).ok_or(EDQUOT)?;
                let total = total?;
                let room = room.take().ok_or(ENOENT)?;
                self.total = total;
                self.users.insert(room.into_node(uid, used));
            }
        }
        Ok(())
    }

    /// Counts less of a user, and forgets one who has nothing any more: what is left of that is to
    /// be dropped without the lock.
    fn remove(&mut self, uid: Uid, less: Usage) -> Option<RBTreeNode<Uid, Usage>> {
        self.total = self.total.minus(less);
        let mut user = self.users.find_mut(&uid)?;
        let left = user.get().minus(less);
        *user.get_mut() = left;
        (left == Usage::default()).then(|| user.remove_node())
    }
}

/// The account of the tree.
#[pin_data]
pub(super) struct Quota {
    limits: Limits,
    #[pin]
    counts: SpinLock<Counts>,
}

impl Quota {
    /// Starts with nothing.
    pub(super) fn new(limits: Limits) -> impl PinInit<Self> {
        pin_init!(Self {
            limits,
            counts <- new_spinlock!(Counts {
                total: Usage::default(),
                users: RBTree::new(),
            }),
        })
    }

    /// Requires that a user may have one more node, as things are.
    ///
    /// Fails as [`Charge::take_node`] does.
    pub(super) fn require_node(&self, uid: Uid) -> Result {
        self.counts.lock().require(&self.limits, uid, Usage::NODE)
    }

    /// The largest size of a file.
    pub(super) fn file_size(&self) -> usize {
        self.limits.file_size
    }
}

/// Room to count what a user has.
pub(super) type Room = RBTreeNodeReservation<Uid, Usage>;

/// Makes such room: to be done where memory may be waited for.
///
/// Fails with [`ENOMEM`].
pub(super) fn room() -> Result<Room> {
    Room::new(GFP_KERNEL_ACCOUNT)
}

/// What one node has taken of the account.
pub(super) struct Charge {
    quota: Arc<Quota>,
    uid: Uid,
    taken: Usage,
}

impl Charge {
    /// For a node of a user's: nothing is taken yet.
    pub(super) fn new(quota: &Arc<Quota>, uid: Uid) -> Self {
        Self {
            quota: quota.clone(),
            uid,
            taken: Usage::default(),
        }
    }

    /// Takes the node, without any page; and the room, if there was nothing of that user.
    ///
    /// Fails with [`EDQUOT`] if the user would have more than one may have, and [`ENOSPC`] if all
    /// would.
    pub(super) fn take_node(&mut self, room: &mut Option<Room>) -> Result {
        self.quota
            .counts
            .lock()
            .add(&self.quota.limits, self.uid, Usage::NODE, room)?;
        self.taken.nodes = self.taken.nodes.saturating_add(1);
        Ok(())
    }

    /// Takes more pages, of a node that is taken.
    ///
    /// Fails with [`EDQUOT`] or [`ENOSPC`], as [`Self::take_node`] does.
    pub(super) fn grow(&mut self, pages: usize) -> Result {
        let more = Usage { nodes: 0, pages };
        self.quota
            .counts
            .lock()
            .add(&self.quota.limits, self.uid, more, &mut None)?;
        self.taken.pages = self.taken.pages.saturating_add(pages);
        Ok(())
    }

    /// Gives pages back.
    pub(super) fn shrink(&mut self, pages: usize) {
        let less = Usage {
            nodes: 0,
            pages: pages.min(self.taken.pages),
        };
        self.taken = self.taken.minus(less);
        let gone = self.quota.counts.lock().remove(self.uid, less);
        drop(gone);
    }

    /// How many pages are taken.
    pub(super) fn pages(&self) -> usize {
        self.taken.pages
    }

    /// The account that this is of.
    pub(super) fn quota(&self) -> &Quota {
        &self.quota
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let gone = self.quota.counts.lock().remove(self.uid, self.taken);
        drop(gone);
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_quota)]
mod tests {
    use super::*;

    /// Three nodes and three pages in all, two of each for a user.
    fn quota() -> Result<Arc<Quota>> {
        // CAST: The size of a page is a small number.
        let page = PAGE_SIZE as u64;
        let limits = Limits::new(3 * page + 1, 3, 2 * page, 2, page);
        Arc::pin_init(Quota::new(limits), GFP_KERNEL)
    }

    #[test]
    fn a_user_has_a_limit_and_all_have_another() -> Result {
        let quota = quota()?;
        let node = |uid| {
            let mut charge = Charge::new(&quota, Uid(uid));
            let required = quota.require_node(Uid(uid));
            let taken = charge.take_node(&mut Some(room()?));
            assert_eq!(required, taken);
            taken.map(|()| charge)
        };
        let mut first = node(1)?;
        let second = node(1)?;
        assert!(node(1).is_err_and(|error| error == EDQUOT));
        let mut other = node(2)?;
        assert!(node(3).is_err_and(|error| error == ENOSPC));

        assert_eq!(first.grow(3), Err(EDQUOT));
        first.grow(2)?;
        assert_eq!(other.grow(2), Err(ENOSPC));
        other.grow(1)?;
        assert_eq!(other.grow(usize::MAX), Err(EDQUOT));
        first.shrink(1);
        other.grow(1)?;

        drop(second);
        drop(node(3)?);
        Ok(())
    }

    #[test]
    fn what_goes_is_not_counted_any_more() -> Result {
        let quota = quota()?;
        for uid in 0..10 {
            let mut charge = Charge::new(&quota, Uid(uid));
            charge.take_node(&mut Some(room()?))?;
            charge.grow(2)?;
            // Nor is what was never counted.
            drop(Charge::new(&quota, Uid(uid)));
        }
        let counts = quota.counts.lock();
        assert!(counts.total == Usage::default());
        assert!(counts.users.is_empty());
        Ok(())
    }
}
