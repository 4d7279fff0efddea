// SPDX-License-Identifier: GPL-2.0

//! A name of a file or directory.

use core::cmp::Ordering;
use kernel::{
    bindings,
    prelude::*, //
};

/// The longest name, in bytes.
const MAX: usize = bindings::NAME_MAX as usize;

/// A name, as a key: of a fixed size, so that to look for it takes no memory.
///
/// Names are sorted by their bytes. Nobody sees that order.
pub(super) struct Name {
    len: u8,
    /// The name, then zeros.
    bytes: [u8; MAX],
}

impl Name {
    /// No name at all.
    pub(super) const NONE: Self = Self {
        len: 0,
        bytes: [0; MAX],
    };

    /// Makes it this name; it was none. In its place, as it is large for a kernel's stack: a
    /// function that gave a new one would have it on that twice.
    ///
    /// Fails with [`ENAMETOOLONG`] if it is longer than a name may be.
    pub(super) fn become_name(&mut self, name: &[u8]) -> Result {
        let len = u8::try_from(name.len()).map_err(|_| ENAMETOOLONG)?;
        self.bytes
            .get_mut(..name.len())
            .ok_or(ENAMETOOLONG)?
            .copy_from_slice(name);
        self.len = len;
        Ok(())
    }

    /// The bytes of the name.
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or(&self.bytes)
    }
}

// Not derived: most names are short, and what is behind them need not be looked at.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Name {}
