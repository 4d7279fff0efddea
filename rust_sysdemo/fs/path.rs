// SPDX-License-Identifier: GPL-2.0

//! A path, as a caller gives it: a string that is taken apart into names.

use crate::{
    bridge::user_memory,
    syscall::UserIn, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// How long a path may be, in bytes, with the zero at its end.
const MAX: usize = bindings::PATH_MAX as usize;

/// The longest path that takes no memory of its own, with the zero: most are short.
const SHORT: usize = 64;

/// A path of the caller's, read once.
pub(crate) struct Path {
    len: usize,
    short: [u8; SHORT],
    /// Where it is if it is longer.
    long: KVec<u8>,
}

/// A part of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Component<'a> {
    /// `.`
    Here,
    /// `..`
    Up,
    /// Anything else.
    Name(&'a [u8]),
}

impl Path {
    /// Reads a path, as C's `getname()` does.
    ///
    /// Fails with [`EFAULT`] if it cannot be read, [`ENAMETOOLONG`] if it is longer than a path may
    /// be, [`ENOENT`] if it is empty, and [`ENOMEM`].
    pub(crate) fn read(string: &UserIn<CStr>) -> Result<Self> {
        let string = string.as_user_ptr();
        let mut short = [0; SHORT];
        match user_memory::read_string(string, &mut short) {
            Ok(0) => Err(ENOENT),
            Ok(len) => Ok(Self {
                len,
                short,
                long: KVec::new(),
            }),
            Err(error) if error == ENAMETOOLONG => Self::read_rest(string, &short),
            Err(error) => Err(error),
        }
    }

    /// Reads what comes after the beginning of a path.
    ///
    /// Fails as [`Self::read`] does.
    #[cold]
    fn read_rest(string: UserPtr, beginning: &[u8; SHORT]) -> Result<Self> {
        // Not accounted, as that of a real system call is not: it lasts as long as the call.
        let mut long = KVec::zeroed(MAX, GFP_KERNEL)?;
        let (place, rest) = long.split_at_mut_checked(SHORT).ok_or(ENAMETOOLONG)?;
        place.copy_from_slice(beginning);
        let len = user_memory::read_string(string.wrapping_byte_add(SHORT), rest)?;
        Ok(Self {
            // Cannot overflow: it is in there.
            len: SHORT + len,
            short: [0; SHORT],
            long,
        })
    }

    /// The name that it ends with. Empty if it ends with none: then nothing can be made there.
    pub(super) fn last_name(&self) -> &[u8] {
        match Components::of(self.as_bytes()).last() {
            Some(Component::Name(name)) => name,
            _ => &[],
        }
    }

    /// The string.
    pub(super) fn as_bytes(&self) -> &[u8] {
        let buffer = if self.len < SHORT {
            &self.short[..]
        } else {
            &self.long
        };
        buffer.get(..self.len).unwrap_or(&[])
    }
}

/// The parts of a path, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Components<'a> {
    /// What is left. Starts with a component, or is empty.
    rest: &'a [u8],
    /// Whether there was a slash after the last component that was taken.
    slash: bool,
}

impl<'a> Components<'a> {
    /// Takes a path apart.
    pub(super) fn of(path: &'a [u8]) -> Self {
        Self {
            rest: without_slashes(path),
            slash: false,
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether there was a slash after the last component that was taken.
    pub(super) fn after_slash(&self) -> bool {
        self.slash
    }
}

/// Whether a path starts at the root, and not where one is.
pub(super) fn is_absolute(path: &[u8]) -> bool {
    path.starts_with(b"/")
}

/// Takes the slashes at the beginning off.
fn without_slashes(path: &[u8]) -> &[u8] {
    let slashes = path.iter().take_while(|byte| **byte == b'/').count();
    path.get(slashes..).unwrap_or(&[])
}

impl<'a> Iterator for Components<'a> {
    type Item = Component<'a>;

    fn next(&mut self) -> Option<Component<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let len = self.rest.iter().take_while(|byte| **byte != b'/').count();
        let (name, rest) = self.rest.split_at_checked(len)?;
        self.slash = !rest.is_empty();
        self.rest = without_slashes(rest);
        Some(match name {
            b"." => Component::Here,
            b".." => Component::Up,
            _ => Component::Name(name),
        })
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_path)]
mod tests {
    use super::*;

    /// Whether a path is taken apart into what is expected, with a slash at the end or without.
    fn is(path: &[u8], expected: &[Component<'_>], slash: bool) -> bool {
        let mut components = Components::of(path);
        expected
            .iter()
            .all(|wanted| components.next() == Some(*wanted))
            && components.next().is_none()
            && components.after_slash() == slash
    }

    #[test]
    fn names_are_what_is_between_slashes() {
        let name = |name| Component::Name(name);
        assert!(is(b"a", &[name(b"a")], false));
        assert!(is(b"/a", &[name(b"a")], false));
        assert!(is(b"a/", &[name(b"a")], true));
        assert!(is(b"//a///b//", &[name(b"a"), name(b"b")], true));
        assert!(is(
            b"a/ /\xff",
            &[name(b"a"), name(b" "), name(b"\xff")],
            false
        ));
    }

    #[test]
    fn dots_are_names_of_their_own() {
        use Component::*;
        assert!(is(b".", &[Here], false));
        assert!(is(b"../", &[Up], true));
        assert!(is(b"./..//.", &[Here, Up, Here], false));
        assert!(is(
            b".../.a/..a",
            &[Name(b"..."), Name(b".a"), Name(b"..a")],
            false
        ));
    }

    #[test]
    fn slashes_alone_are_nothing() {
        assert!(is(b"/", &[], false));
        assert!(is(b"////", &[], false));
        assert!(is(b"", &[], false));
        assert!(is_absolute(b"/a"));
        assert!(!is_absolute(b"a/"));
    }
}

#[cfg(CONFIG_KUNIT = "y")]
impl Path {
    /// Makes a path of a string that is the kernel's, for tests.
    pub(super) fn of(string: &[u8]) -> Result<Self> {
        let mut path = Self {
            len: string.len(),
            short: [0; SHORT],
            long: KVec::new(),
        };
        match path.short.get_mut(..string.len()) {
            Some(place) if string.len() < SHORT => place.copy_from_slice(string),
            _ => path.long.extend_from_slice(string, GFP_KERNEL)?,
        }
        Ok(path)
    }
}
