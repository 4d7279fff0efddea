// SPDX-License-Identifier: GPL-2.0

//! All names of the tree, in one place.
//!
//! A directory has no list of its own. There are two maps for all of them: by directory and name,
//! to look for one, and by directory and number, to list them in an order that nothing disturbs.
//! Either takes logarithmic time, however large a directory is, and to drop them takes no
//! recursion, however deep the tree is.

use super::{
    name::Name,
    node::Node, //
};
use kernel::{
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::Arc,
};

/// A name in a directory, which is known by its number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ByName {
    directory: u64,
    name: Name,
}

impl ByName {
    /// No name, and nowhere.
    const NONE: Self = Self {
        directory: 0,
        name: Name::NONE,
    };
}

/// A node in a directory. Its number says when it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ByNumber {
    directory: u64,
    number: u64,
}

/// A node, and what it is called.
pub(super) struct Named {
    pub(super) name: KVec<u8>,
    pub(super) node: Arc<Node>,
}

/// All names.
///
/// # Invariants
///
/// Each name is in both maps.
pub(super) struct Names {
    by_name: RBTree<ByName, Arc<Node>>,
    by_number: RBTree<ByNumber, Named>,
}

/// Room for a name: made before the lock of all names is taken, and so before it is known where the
/// name is to be.
pub(super) struct Room {
    name: KVec<u8>,
    key: KBox<ByName>,
    by_name: RBTreeNodeReservation<ByName, Arc<Node>>,
    by_number: RBTreeNodeReservation<ByNumber, Named>,
}

impl Room {
    /// Makes room for a name.
    ///
    /// Fails with [`ENOMEM`].
    // Not inlined: the key is on the stack only for this.
    #[inline(never)]
    pub(super) fn new(name: &[u8]) -> Result<Self> {
        let mut bytes = KVec::new();
        bytes.extend_from_slice(name, GFP_KERNEL_ACCOUNT)?;
        Ok(Self {
            name: bytes,
            key: KBox::new(ByName::NONE, GFP_KERNEL)?,
            by_name: RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?,
            by_number: RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?,
        })
    }
}

/// The place of a name in a directory, so that nothing can fail when it comes to it.
pub(super) struct Place(Room);

impl Place {
    /// Takes a place in a directory for the name that the room is for.
    ///
    /// Fails with [`ENAMETOOLONG`] if the name is too long.
    pub(super) fn new(directory: &Node, mut room: Room) -> Result<Self> {
        room.key.directory = directory.number();
        room.key.name.become_name(&room.name)?;
        Ok(Self(room))
    }
}

impl Names {
    /// Starts with none.
    pub(super) fn new() -> Self {
        Self {
            by_name: RBTree::new(),
            by_number: RBTree::new(),
        }
    }

    /// Looks for a name in a directory.
    ///
    /// Fails with [`ENAMETOOLONG`] if there can be no such name.
    // Not inlined, as the others with a key are not: that is on the stack only for this.
    #[inline(never)]
    pub(super) fn find(&self, directory: &Node, name: &[u8]) -> Result<Option<&Arc<Node>>> {
        let mut key = ByName::NONE;
        key.directory = directory.number();
        key.name.become_name(name)?;
        Ok(self.by_name.get(&key))
    }

    /// What comes next after a number in a directory; 0 is before the first.
    pub(super) fn after(&self, directory: &Node, number: u64) -> Option<&Named> {
        let directory = directory.number();
        let start = ByNumber {
            directory,
            number: number.checked_add(1)?,
        };
        let next = *self.by_number.cursor_lower_bound(&start)?.current().0;
        if next.directory == directory {
            self.by_number.get(&next)
        } else {
            None
        }
    }

    /// Whether what has a place is there already.
    pub(super) fn is_taken(&self, place: &Place) -> bool {
        self.by_name.get(&place.0.key).is_some()
    }

    /// Gives a node a name that is not there, for which there is room.
    #[inline(never)]
    pub(super) fn insert(&mut self, place: Place, node: Arc<Node>) {
        let Place(room) = place;
        let by_number = ByNumber {
            directory: room.key.directory,
            number: node.number(),
        };
        let named = Named {
            name: room.name,
            node: node.clone(),
        };
        let key = KBox::into_inner(room.key);
        self.by_name.insert(room.by_name.into_node(key, node));
        self.by_number
            .insert(room.by_number.into_node(by_number, named));
    }

    /// Takes a name away, and gives what had it: to be dropped without the lock.
    ///
    /// Fails as [`Self::find`] does.
    #[inline(never)]
    pub(super) fn remove(&mut self, directory: &Node, name: &[u8]) -> Result<Option<Named>> {
        let mut gone = ByName::NONE;
        gone.directory = directory.number();
        gone.name.become_name(name)?;
        Ok(self.by_name.remove(&gone).and_then(|node| {
            self.by_number.remove(&ByNumber {
                directory: gone.directory,
                number: node.number(),
            })
        }))
    }
}
