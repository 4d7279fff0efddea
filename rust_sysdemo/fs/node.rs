// SPDX-License-Identifier: GPL-2.0

//! A file or directory.

use super::{
    access::{
        Caller,
        Object,
        Subject, //
    },
    contents::Contents,
    name::Name,
    quota::Charge, //
};
use crate::bridge::{
    clock,
    cred::{
        Gid,
        Uid, //
    },
    sorted::Links,
};
use kernel::{
    bindings, new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex, //
    },
};

/// The unit that `st_blocks` counts in.
const BLOCK: usize = 512;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something to read and write.
    File,
    /// Something with names in it.
    Directory,
}

/// Where something is, by the numbers of directories. Nothing is ever moved.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The directory that it is in.
    pub(super) directory: u64,
    /// The directory that this one is in.
    pub(super) above: u64,
}

impl Place {
    /// That of the root, which is in none.
    pub(super) const NOWHERE: Self = Self {
        directory: 0,
        above: 0,
    };

    /// In a directory.
    pub(super) fn within(directory: &Node) -> Self {
        Self {
            directory: directory.number,
            above: directory.place.directory,
        }
    }
}

/// A file or directory. It lasts for as long as it has a name or is open.
#[pin_data]
pub(crate) struct Node {
    number: u64,
    place: Place,
    name: Name,
    /// For the trees of [`Names`](super::names::Names).
    pub(super) by_name: Links<Node>,
    pub(super) by_number: Links<Node>,
    object: Object,
    btime: u64,
    mtime: Atomic<u64>,
    ctime: Atomic<u64>,
    /// 0 once it has no name. Changed under the lock of all names.
    links: Atomic<u32>,
    /// Nothing, in a directory, apart from what it is charged.
    #[pin]
    contents: Mutex<Contents>,
}

/// What is told of a node.
pub(crate) struct Told {
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    pub(crate) mtime: u64,
    pub(crate) ctime: u64,
    pub(crate) btime: u64,
    pub(crate) mode: u32,
    pub(crate) nlink: u32,
}

impl Node {
    /// Makes a node that has no name yet, and is not counted.
    pub(super) fn new(
        number: u64,
        kind: Kind,
        permissions: u16,
        (uid, gid): (Uid, Gid),
        (place, name): (Place, Name),
        charge: Charge,
    ) -> impl PinInit<Self> {
        let now = clock::now();
        pin_init!(Self {
            number,
            place,
            name,
            by_name: Links::new(),
            by_number: Links::new(),
            object: Object {
                uid,
                gid,
                permissions,
                directory: kind == Kind::Directory,
            },
            btime: now,
            mtime: Atomic::new(now),
            ctime: Atomic::new(now),
            // A directory has its own ".", too.
            links: Atomic::new(match kind {
                Kind::File => 1,
                Kind::Directory => 2,
            }),
            contents <- new_mutex!(Contents::new(charge)),
        })
    }

    /// Makes a node that belongs to a caller.
    pub(super) fn of(
        caller: &Caller,
        number: u64,
        kind: Kind,
        permissions: u16,
        called: (Place, Name),
        charge: Charge,
    ) -> impl PinInit<Self> {
        let ids = (caller.uid(), caller.gid());
        Self::new(number, kind, permissions, ids, called, charge)
    }

    /// Its number, which no other one ever had.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where it is, if it has a name.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// What it is called, or was.
    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// What rights to it depend on.
    pub(super) fn object(&self) -> &Object {
        &self.object
    }

    /// Its permissions.
    pub(crate) fn permissions(&self) -> u16 {
        self.object.permissions
    }

    /// Who owns it.
    pub(crate) fn owner(&self) -> Uid {
        self.object.uid
    }

    /// Its group.
    pub(crate) fn group(&self) -> Gid {
        self.object.gid
    }

    /// Whether it is a directory.
    pub(crate) fn is_directory(&self) -> bool {
        self.object.directory
    }

    /// What is in it.
    pub(super) fn contents(&self) -> &Mutex<Contents> {
        &self.contents
    }

    /// The size of a file; 0 for a directory.
    pub(crate) fn size(&self) -> u64 {
        // CAST: Lossless, no target has a `usize` of more than 64 bits.
        self.contents.lock().size() as u64
    }

    /// Notes that what is in it has changed.
    pub(super) fn modified(&self) {
        let now = clock::now();
        // ORDERING: Times are told as they are found. The two may be those of different changes.
        self.mtime.store(now, Relaxed);
        self.ctime.store(now, Relaxed);
    }

    /// Notes that a directory in it was made or, if not `more`, taken away. Under the lock of all
    /// names.
    pub(super) fn count_directory(&self, more: bool) {
        let links = self.links.load(Relaxed);
        // ORDERING: A number to tell; changes of it are serialized by the lock.
        self.links.store(
            if more {
                links.saturating_add(1)
            } else {
                links.saturating_sub(1)
            },
            Relaxed,
        );
    }

    /// Whether its name is gone. Under the lock of all names.
    pub(super) fn is_nameless(&self) -> bool {
        // ORDERING: Changes of it are serialized by the lock.
        self.links.load(Relaxed) == 0
    }

    /// Notes that its name is gone. Under the lock of all names.
    pub(super) fn nameless(&self) {
        // ORDERING: As above.
        self.links.store(0, Relaxed);
        self.ctime.store(clock::now(), Relaxed);
    }

    /// Tells what there is to tell.
    pub(crate) fn tell(&self) -> Told {
        let (size, pages) = {
            let contents = self.contents.lock();
            (contents.size(), contents.pages())
        };
        let kind = if self.is_directory() {
            bindings::S_IFDIR
        } else {
            bindings::S_IFREG
        };
        Told {
            // CAST: Lossless, no target has a `usize` of more than 64 bits.
            size: size as u64,
            blocks: pages.saturating_mul(PAGE_SIZE / BLOCK) as u64,
            mtime: self.mtime.load(Relaxed),
            ctime: self.ctime.load(Relaxed),
            btime: self.btime,
            mode: kind | u32::from(self.permissions()),
            nlink: self.links.load(Relaxed),
        }
    }
}
