// SPDX-License-Identifier: GPL-2.0

//! All names of the tree, in one place.
//!
//! A directory has no list of its own. There are two trees for all of them: by directory and name,
//! to look for one, and by directory and number, to list them in an order that nothing disturbs.
//! Either takes logarithmic time, however large a directory is, and to drop them takes no
//! recursion, however deep the tree is. What is in them is the nodes themselves, which know their
//! names and have links for both: to put one in takes no memory.

use super::{
    name::Sought,
    node::Node, //
};
use crate::bridge::sorted::{
    Links,
    Order,
    Sorted, //
};
use core::cmp::Ordering;
use kernel::{
    prelude::*,
    sync::{
        Arc,
        ArcBorrow, //
    },
};

/// All names.
///
/// # Invariants
///
/// Each node is in both trees.
pub(super) struct Names {
    by_name: Sorted<Node, ByName>,
    by_number: Sorted<Node, ByNumber>,
}

/// By directory and name.
enum ByName {}

impl Order<Node> for ByName {
    fn links(node: &Node) -> &Links<Node> {
        &node.by_name
    }

    fn compare(left: &Node, right: &Node) -> Ordering {
        by_name(left.place().directory, left.name().sought())(right)
    }
}

/// By directory and number.
enum ByNumber {}

impl Order<Node> for ByNumber {
    fn links(node: &Node) -> &Links<Node> {
        &node.by_number
    }

    fn compare(left: &Node, right: &Node) -> Ordering {
        by_number(left.place().directory, left.number())(right)
    }
}

/// How a name in a directory is to a node.
#[inline(always)]
fn by_name(directory: u64, name: Sought<'_>) -> impl Fn(&Node) -> Ordering + '_ {
    move |node| {
        directory
            .cmp(&node.place().directory)
            .then_with(|| node.name().compare(name))
    }
}

/// How a number in a directory is to a node.
#[inline(always)]
fn by_number(directory: u64, number: u64) -> impl Fn(&Node) -> Ordering {
    move |node| {
        directory
            .cmp(&node.place().directory)
            .then(number.cmp(&node.number()))
    }
}

impl Names {
    /// Starts with none.
    pub(super) fn new() -> Self {
        Self {
            by_name: Sorted::new(),
            by_number: Sorted::new(),
        }
    }

    /// Looks for a name in a directory.
    ///
    /// Fails with [`ENAMETOOLONG`] if there can be no such name.
    pub(super) fn find(
        &self,
        directory: &Node,
        name: &[u8],
    ) -> Result<Option<ArcBorrow<'_, Node>>> {
        let name = Sought::of(name)?;
        Ok(self.by_name.find(by_name(directory.number(), name)))
    }

    /// The directory that something is in, which is not the root.
    pub(super) fn directory_of(&self, node: &Node) -> Option<ArcBorrow<'_, Node>> {
        let place = node.place();
        self.by_number.find(by_number(place.above, place.directory))
    }

    /// What comes after a number in a directory, in order; 0 is before the first.
    pub(super) fn after(
        &self,
        directory: &Node,
        number: u64,
    ) -> impl Iterator<Item = ArcBorrow<'_, Node>> {
        let directory = directory.number();
        self.by_number
            .after(by_number(directory, number))
            .take_while(move |node| node.place().directory == directory)
    }

    /// Gives a node its name in its place. Gives whether it has it: there may be one of that name.
    pub(super) fn insert(&mut self, node: &Arc<Node>) -> bool {
        let numbered = self.by_number.insert(node.clone()).is_ok();
        let named = numbered && self.by_name.insert(node.clone()).is_ok();
        // INVARIANT: It is in both or none.
        if numbered && !named {
            let number = by_number(node.place().directory, node.number());
            drop(self.by_number.remove(number));
        }
        named
    }

    /// Takes the name of a node away, and gives what the trees had of it: to be dropped without the
    /// lock.
    pub(super) fn remove(&mut self, node: &Node) -> [Option<Arc<Node>>; 2] {
        let directory = node.place().directory;
        [
            self.by_name
                .remove(by_name(directory, node.name().sought())),
            self.by_number.remove(by_number(directory, node.number())),
        ]
    }
}
