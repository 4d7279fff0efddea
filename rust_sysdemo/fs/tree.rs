// SPDX-License-Identifier: GPL-2.0

//! The tree: what can be done to names.

use super::{
    access::{
        self,
        Caller,
        Subject,
        Want, //
    },
    name::Name,
    names::Names,
    node::{
        Kind,
        Node,
        Place, //
    },
    path::Path,
    quota::{
        self,
        Charge,
        Limits,
        Quota, //
    },
    walk::{
        Last,
        Resolve,
        Walk, //
    },
};
use crate::bridge::{
    cred::{
        Gid,
        Uid, //
    },
    task,
};
use core::mem::MaybeUninit;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex,
        UniqueArc, //
    },
};

/// Permissions of the root: everybody may make something in it, and nobody may take away what is
/// another's.
const ROOT_PERMISSIONS: u16 = 0o1777;

/// Bits of a mode that are kept: permissions, and the sticky one.
pub(super) const MODE: u16 = 0o1777;

/// The number of the root.
const ROOT_NUMBER: u64 = 1;

/// One tree of files and directories. Who has an open file in it does not need it.
#[pin_data]
pub(crate) struct Tree {
    pub(super) root: Arc<Node>,
    pub(super) quota: Arc<Quota>,
    #[pin]
    pub(super) names: Mutex<Names>,
    last_number: Atomic<u64>,
}

/// Memory for a node and its name, taken before the lock of all names is. To wait for memory may
/// take long, the more so for who has little of it allowed, and with that lock everybody would
/// wait.
pub(super) struct Spare {
    node: UniqueArc<MaybeUninit<Node>>,
    name: Name,
    user: Option<quota::Room>,
}

impl Spare {
    /// Takes what is needed for what a path ends with.
    ///
    /// Fails with [`ENOMEM`].
    pub(super) fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            node: UniqueArc::new_uninit(GFP_KERNEL_ACCOUNT)?,
            // If it is too long, that is found before it is needed.
            name: Name::new(path.last_name())?,
            user: Some(quota::room()?),
        })
    }
}

/// A node that has no name yet. Nobody sees it, so nobody has to do without another for its sake:
/// it is counted when it gets its name.
pub(super) struct Unnamed {
    node: Arc<Node>,
    user: Option<quota::Room>,
}

impl Unnamed {
    /// The node.
    pub(super) fn node(&self) -> &Arc<Node> {
        &self.node
    }
}

/// Gives a node its name in the directory that it was prepared for, and counts it. Gives whether it
/// has it: there may be one of that name.
///
/// Fails with [`EDQUOT`] or [`ENOSPC`] if there may be no more, and then nothing has changed.
fn give_name(names: &mut Names, directory: &Node, new: Unnamed) -> Result<bool> {
    let Unnamed { node, mut user } = new;
    if !names.insert(&node) {
        return Ok(false);
    }
    let counted = node.contents().lock().count_node(&mut user);
    if counted.is_err() {
        drop(names.remove(&node));
    } else {
        directory.modified();
    }
    counted.map(|()| true)
}

/// A record of a list.
pub(crate) struct Entry<'a> {
    pub(crate) number: u64,
    pub(crate) name: &'a [u8],
    pub(crate) is_directory: bool,
}

impl Tree {
    /// Makes a tree that has only its root.
    ///
    /// Fails with [`ENOMEM`], and with [`EDQUOT`] or [`ENOSPC`] if not even that is allowed.
    pub(crate) fn new(limits: Limits) -> Result<Arc<Self>> {
        let quota = Arc::pin_init(Quota::new(limits), GFP_KERNEL)?;
        let mut charge = Charge::new(&quota, Uid::ROOT);
        charge.take_node(&mut Some(quota::room()?))?;
        let root = Arc::pin_init(
            Node::new(
                ROOT_NUMBER,
                Kind::Directory,
                ROOT_PERMISSIONS,
                (Uid::ROOT, Gid::ROOT),
                (Place::NOWHERE, Name::NONE),
                charge,
            ),
            GFP_KERNEL_ACCOUNT,
        )?;
        Arc::pin_init(
            pin_init!(Self {
                root,
                quota,
                names <- new_mutex!(Names::new()),
                last_number: Atomic::new(ROOT_NUMBER),
            }),
            GFP_KERNEL,
        )
    }

    /// Starts a way through the tree.
    pub(super) fn walk<'n>(
        &'n self,
        names: &'n Names,
        caller: &'n Caller,
        resolve: Resolve,
    ) -> Walk<'n> {
        Walk::new(names, &self.root, caller, resolve)
    }

    /// Makes a node of a caller's, to be put into a directory by the name that it has. Under the
    /// lock of all names, so it takes no memory but what is given.
    ///
    /// Fails with [`EACCES`] if the caller may not do that. Nothing is left then.
    pub(super) fn prepare(
        &self,
        caller: &Caller,
        directory: &Node,
        spare: Spare,
        kind: Kind,
        mode: u16,
    ) -> Result<Unnamed> {
        let Spare { node, name, user } = spare;
        access::require(caller, directory.object(), Want::CHANGE_NAMES)?;
        let charge = Charge::new(&self.quota, caller.uid());
        // ORDERING: All that matters is that no two get the same.
        let number = self.last_number.fetch_add(1, Relaxed).wrapping_add(1);
        let permissions = mode & MODE & !task::current_umask();
        let called = (Place::within(directory), name);
        let Ok(node) =
            node.pin_init_with(Node::of(caller, number, kind, permissions, called, charge));
        Ok(Unnamed {
            node: node.into(),
            user,
        })
    }

    /// Requires that a caller may have one more node, as things are.
    ///
    /// Fails with [`EDQUOT`] or [`ENOSPC`] otherwise.
    pub(super) fn require_node(&self, caller: &Caller) -> Result {
        self.quota.require_node(caller.uid())
    }

    /// Gives a node its name in the directory that it was prepared for, when the lock of all names
    /// has been free since. Gives whether it has it: somebody else may have one of that name there
    /// by now.
    ///
    /// Fails with [`ENOENT`] if the directory is gone, and as [`give_name`] does.
    pub(super) fn name(&self, directory: &Node, new: Unnamed) -> Result<bool> {
        let mut names = self.names.lock();
        if directory.is_nameless() {
            return Err(ENOENT);
        }
        give_name(&mut names, directory, new)
    }

    /// Makes a directory.
    ///
    /// Fails as [`Walk::go_to_parent`], [`Self::prepare`] and [`give_name`] do, and with [`EEXIST`]
    /// if something is there.
    pub(crate) fn make_directory(&self, path: &Path, mode: u16) -> Result {
        let caller = Caller::new();
        let spare = Spare::of(path)?;
        let mut names = self.names.lock();
        let mut walk = self.walk(&names, &caller, Resolve::NONE);
        let Last::Name(name, _) = walk.go_to_parent(path)? else {
            return Err(EEXIST);
        };
        if walk.child(name)?.is_some() {
            return Err(EEXIST);
        }
        let parent = Arc::from(walk.at());
        let new = self.prepare(&caller, &parent, spare, Kind::Directory, mode)?;
        if !give_name(&mut names, &parent, new)? {
            return Err(EEXIST);
        }
        parent.count_directory(true);
        Ok(())
    }

    /// Takes the name of a file away.
    ///
    /// Fails as [`Walk::go_to_parent`] does, with [`EISDIR`] if it is a directory, [`ENOTDIR`] if
    /// it is a file but the path says otherwise, and as [`access::require_removal`] does.
    pub(crate) fn unlink(&self, path: &Path) -> Result {
        let caller = Caller::new();
        let mut names = self.names.lock();
        let mut walk = self.walk(&names, &caller, Resolve::NONE);
        let Last::Name(name, slash) = walk.go_to_parent(path)? else {
            return Err(EISDIR);
        };
        let node = walk.child(name)?.ok_or(ENOENT)?;
        if slash {
            return Err(if node.is_directory() { EISDIR } else { ENOTDIR });
        }
        let (node, parent) = (Arc::from(node), Arc::from(walk.at()));
        access::require_removal(&caller, parent.object(), node.object())?;
        if node.is_directory() {
            return Err(EISDIR);
        }
        node.nameless();
        let gone = names.remove(&node);
        parent.modified();
        drop(names);
        // It may be the last that held the file, and to free that takes its time.
        drop(gone);
        Ok(())
    }

    /// Takes an empty directory away.
    ///
    /// Fails as [`Walk::go_to_parent`] does, with [`EBUSY`] if it is the root, [`EINVAL`] or
    /// [`ENOTEMPTY`] if the path ends in a dot or two, as [`access::require_removal`] does, with
    /// [`ENOTDIR`] if it is none, and [`ENOTEMPTY`] if it is not empty.
    pub(crate) fn remove_directory(&self, path: &Path) -> Result {
        let caller = Caller::new();
        let mut names = self.names.lock();
        let mut walk = self.walk(&names, &caller, Resolve::NONE);
        let name = match walk.go_to_parent(path)? {
            Last::Root => return Err(EBUSY),
            Last::Here => return Err(EINVAL),
            Last::Up => return Err(ENOTEMPTY),
            Last::Name(name, _) => name,
        };
        let node = walk.child(name)?.ok_or(ENOENT)?;
        let (node, parent) = (Arc::from(node), Arc::from(walk.at()));
        access::require_removal(&caller, parent.object(), node.object())?;
        if !node.is_directory() {
            return Err(ENOTDIR);
        }
        if names.after(&node, 0).next().is_some() {
            return Err(ENOTEMPTY);
        }
        node.nameless();
        let gone = names.remove(&node);
        parent.count_directory(false);
        parent.modified();
        drop(names);
        drop(gone);
        Ok(())
    }

    /// Gives what is at the end of a path.
    ///
    /// Fails as [`Walk::go_to_end`] does.
    pub(crate) fn find(&self, path: &Path) -> Result<Arc<Node>> {
        let caller = Caller::new();
        let names = self.names.lock();
        let mut walk = self.walk(&names, &caller, Resolve::NONE);
        walk.go_to_end(path).map(Arc::from)
    }

    /// Shows what is in a directory, after a number, to somebody who says whether that is enough.
    /// Nobody can change any name meanwhile.
    ///
    /// Fails as [`Walk::go_to_end`] does, with [`ENOTDIR`] if it is no directory, [`EACCES`] if the
    /// caller may not read it, and as `show` does.
    pub(crate) fn list(
        &self,
        path: &Path,
        after: u64,
        mut show: impl FnMut(Entry<'_>) -> Result<bool>,
    ) -> Result {
        let caller = Caller::new();
        let names = self.names.lock();
        let mut walk = self.walk(&names, &caller, Resolve::NONE);
        let directory = walk.go_to_end(path)?;
        if !directory.is_directory() {
            return Err(ENOTDIR);
        }
        access::require(&caller, directory.object(), Want::READ)?;
        for node in names.after(&directory, after) {
            let enough = show(Entry {
                number: node.number(),
                name: node.name().as_bytes(),
                is_directory: node.is_directory(),
            })?;
            if enough {
                break;
            }
        }
        Ok(())
    }
}
