// SPDX-License-Identifier: GPL-2.0

//! The way along a path, as `link_path_walk()` goes it.
//!
//! It is gone under the lock of all names, so nothing changes meanwhile. To every directory on the
//! way one question is asked, before anything in it is looked for: may the caller search it?

use super::{
    access::{
        self,
        Caller,
        Want, //
    },
    names::Names,
    node::Node,
    path::{
        is_absolute,
        Component,
        Components,
        Path, //
    },
};
use crate::syscall::flags;
use kernel::{
    bindings,
    prelude::*,
    sync::{
        Arc,
        ArcBorrow, //
    },
};

flags! {
    /// How a path may lead to where it leads: the flags of `openat2(2)`.
    pub(crate) struct Resolve: u64 {
        /// Nothing is mounted in this tree.
        const NO_XDEV = bindings::RESOLVE_NO_XDEV;
        /// There are no such links.
        const NO_MAGICLINKS = bindings::RESOLVE_NO_MAGICLINKS;
        /// There are none of these either.
        const NO_SYMLINKS = bindings::RESOLVE_NO_SYMLINKS;
        /// It must not even try to leave the tree.
        const BENEATH = bindings::RESOLVE_BENEATH;
        /// If it tries, it gets nowhere.
        const IN_ROOT = bindings::RESOLVE_IN_ROOT;
        /// Only what is there is found.
        const CACHED = bindings::RESOLVE_CACHED;
    }
}

/// What a path ends with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last<'p> {
    /// Nothing: it was the root.
    Root,
    /// `.`
    Here,
    /// `..`
    Up,
    /// A name, and whether there is a slash after it.
    Name(&'p [u8], bool),
}

/// A way that is being gone.
pub(super) struct Walk<'n> {
    names: &'n Names,
    root: &'n Arc<Node>,
    caller: &'n Caller,
    resolve: Resolve,
    /// Where it has got to.
    at: ArcBorrow<'n, Node>,
}

impl<'n> Walk<'n> {
    /// Starts at the root.
    pub(super) fn new(
        names: &'n Names,
        root: &'n Arc<Node>,
        caller: &'n Caller,
        resolve: Resolve,
    ) -> Self {
        Self {
            names,
            root,
            caller,
            resolve,
            at: root.as_arc_borrow(),
        }
    }

    /// Where it has got to.
    pub(super) fn at(&self) -> ArcBorrow<'n, Node> {
        self.at
    }

    /// Goes to the directory that a path ends in, and gives what it ends with there, which has not
    /// been looked for.
    ///
    /// Fails with [`EACCES`] if the caller may not search a directory on the way, or the last;
    /// [`ENOENT`], [`ENOTDIR`] or [`ENAMETOOLONG`] if a name leads nowhere; [`EXDEV`] if it is
    /// forbidden to leave the tree and the path does; and [`EAGAIN`] instead of most of these if
    /// only what can be had at once is to be found.
    pub(super) fn go_to_parent<'p>(&mut self, path: &'p Path) -> Result<Last<'p>> {
        let path = path.as_bytes();
        if is_absolute(path) && self.resolve.contains(Resolve::BENEATH) {
            return Err(EXDEV);
        }
        let mut components = Components::of(path);
        while let Some(component) = components.next() {
            access::require(self.caller, self.at.object(), Want::SEARCH)
                .map_err(|error| self.error_on_the_way(error))?;
            if components.is_empty() {
                return Ok(match component {
                    Component::Here => Last::Here,
                    Component::Up => Last::Up,
                    Component::Name(name) => Last::Name(name, components.after_slash()),
                });
            }
            match component {
                Component::Here => {}
                Component::Up => self.up()?,
                Component::Name(name) => {
                    let child = self.child(name)?.ok_or(ENOENT)?;
                    if !child.is_directory() {
                        return Err(self.error_on_the_way(ENOTDIR));
                    }
                    self.at = child;
                }
            }
        }
        Ok(Last::Root)
    }

    /// Goes up. The root is above itself.
    ///
    /// Fails with [`EXDEV`] if that would leave the tree, and that is forbidden.
    pub(super) fn up(&mut self) -> Result {
        let root = self.root.as_arc_borrow();
        if self.at.number() != root.number() {
            // What is not found is in the root, which has no name.
            self.at = self.names.directory_of(&self.at).unwrap_or(root);
        } else if self.resolve.contains(Resolve::BENEATH) {
            return Err(self.error_on_the_way(EXDEV));
        }
        Ok(())
    }

    /// What an error is to who wants only what can be had at once: openat2(2) would have to look
    /// again to be sure of one, and does not do that for such a caller. What it finds at the end of
    /// the way it is sure of.
    fn error_on_the_way(&self, error: Error) -> Error {
        if self.resolve.contains(Resolve::CACHED) {
            EAGAIN
        } else {
            error
        }
    }

    /// Looks for a name where it has got to.
    ///
    /// Fails with [`ENAMETOOLONG`] if there can be no such name, and with [`EAGAIN`] if there is
    /// none and only what is there is to be found: as on a tmpfs, that it is not there is not known
    /// without looking.
    pub(super) fn child(&self, name: &[u8]) -> Result<Option<ArcBorrow<'n, Node>>> {
        let found = self.names.find(&self.at, name);
        if !matches!(found, Ok(Some(_))) && self.resolve.contains(Resolve::CACHED) {
            return Err(EAGAIN);
        }
        found
    }

    /// Goes to the end of a path, and gives what is there.
    ///
    /// Fails as [`Self::go_to_parent`] does, also for the last name.
    pub(super) fn go_to_end(&mut self, path: &Path) -> Result<ArcBorrow<'n, Node>> {
        match self.go_to_parent(path)? {
            Last::Root | Last::Here => {}
            Last::Up => self.up()?,
            Last::Name(name, slash) => {
                let node = self.child(name)?.ok_or(ENOENT)?;
                if slash && !node.is_directory() {
                    return Err(ENOTDIR);
                }
                return Ok(node);
            }
        }
        Ok(self.at)
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_walk)]
mod tests {
    use super::*;
    use crate::fs::{
        node::Kind,
        quota::Limits,
        tree::Spare,
        Tree, //
    };

    /// A tree with `/a/b` and the file `/a/f`.
    fn tree() -> Result<Arc<Tree>> {
        let tree = Tree::new(Limits::new(0, 4, 0, 4, 0))?;
        tree.make_directory(&Path::of(b"a")?, 0o777)?;
        tree.make_directory(&Path::of(b"/a/b/")?, 0o777)?;
        let parent = tree.find(&Path::of(b"a")?)?;
        let caller = Caller::new();
        let spare = Spare::of(&Path::of(b"a/f")?)?;
        let new = tree.prepare(&caller, &parent, spare, Kind::File, 0o666)?;
        assert_eq!(tree.name(&parent, new), Ok(true));
        Ok(tree)
    }

    /// Where a path leads: the number of what is there.
    fn leads(tree: &Tree, path: &[u8], resolve: Resolve) -> Result<u64> {
        let caller = Caller::new();
        let path = Path::of(path)?;
        let names = tree.names.lock();
        let mut walk = tree.walk(&names, &caller, resolve);
        Ok(walk.go_to_end(&path)?.number())
    }

    #[test]
    fn ways_that_lead_to_the_same() -> Result {
        let tree = tree()?;
        let root = tree.root.number();
        let to = |path| leads(&tree, path, Resolve::NONE);
        for path in [
            &b"/"[..],
            b"//",
            b".",
            b"..",
            b"../..",
            b"a/..",
            b"a/b/../../..",
        ] {
            assert_eq!(to(path), Ok(root));
        }
        let inner = to(b"a/b")?;
        for path in [
            &b"a/b/"[..],
            b"/a//b/.",
            b"../a/b",
            b"a/../a/./b",
            b"a/b/../b",
        ] {
            assert_eq!(to(path), Ok(inner));
        }
        assert!(inner != root && to(b"a/f")? != inner);
        Ok(())
    }

    #[test]
    fn ways_that_lead_nowhere() -> Result {
        let tree = tree()?;
        let to = |path| leads(&tree, path, Resolve::NONE);
        assert_eq!(to(b"a/c"), Err(ENOENT));
        assert_eq!(to(b"c/.."), Err(ENOENT));
        for path in [&b"a/f/"[..], b"a/f/.", b"a/f/..", b"a/f/c"] {
            assert_eq!(to(path), Err(ENOTDIR));
        }
        let long = KVec::from_elem(b'n', 256, GFP_KERNEL)?;
        assert_eq!(to(&long), Err(ENAMETOOLONG));
        assert_eq!(to(long.get(1..).ok_or(EINVAL)?), Err(ENOENT));
        Ok(())
    }

    #[test]
    fn ways_that_are_forbidden() -> Result {
        let tree = tree()?;
        let beneath = |path| leads(&tree, path, Resolve::BENEATH);
        for path in [&b"/"[..], b"/a", b"..", b"a/../..", b"../a"] {
            assert_eq!(beneath(path), Err(EXDEV));
        }
        assert_eq!(beneath(b"a/.."), Ok(tree.root.number()));
        assert_eq!(leads(&tree, b"a/../../a", Resolve::IN_ROOT), beneath(b"a"));
        for path in [&b"a/c"[..], b"a/f/c", b"a/f/.."] {
            assert_eq!(leads(&tree, path, Resolve::CACHED), Err(EAGAIN));
        }
        let cached = Resolve::try_from(u64::from(
            bindings::RESOLVE_BENEATH | bindings::RESOLVE_CACHED,
        ))?;
        assert_eq!(leads(&tree, b"..", cached), Err(EAGAIN));
        assert_eq!(leads(&tree, b"/a", cached), Err(EXDEV));
        assert!(leads(&tree, b"a/b", Resolve::CACHED).is_ok());
        Ok(())
    }
}
