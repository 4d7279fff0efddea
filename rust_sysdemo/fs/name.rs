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
#[derive(Clone, Copy)]
pub(super) struct Name {
    len: u8,
    /// The name, then zeros.
    bytes: [u8; MAX],
}

impl Name {
    /// Makes a name.
    ///
    /// Fails with [`ENAMETOOLONG`] if it is longer than a name may be.
    pub(super) fn new(name: &[u8]) -> Result<Self> {
        let len = u8::try_from(name.len()).map_err(|_| ENAMETOOLONG)?;
        let mut bytes = [0; MAX];
        bytes
            .get_mut(..name.len())
            .ok_or(ENAMETOOLONG)?
            .copy_from_slice(name);
        Ok(Self { len, bytes })
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
