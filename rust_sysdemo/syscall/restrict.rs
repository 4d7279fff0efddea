// SPDX-License-Identifier: GPL-2.0

//! Which calls may be made: seccomp's idea, for one open device.

use crate::{
    bridge::nospec,
    uapi::{
        SYSDEMO_RESTRICT_CALLS,
        SYSDEMO_RESTRICT_WORDS, //
    },
};
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

/// Number of words of a restriction.
pub(crate) const WORDS: usize = SYSDEMO_RESTRICT_WORDS as usize;

/// Number of calls that a restriction can speak of.
const CALLS: usize = SYSDEMO_RESTRICT_CALLS as usize;

/// A set of allowed calls that can only become smaller.
///
/// At first every call is allowed, also those that there are none of: they end in `ENOSYS`.
pub(crate) struct Restriction {
    allowed: [Atomic<u64>; WORDS],
    /// Whether calls beyond [`CALLS`] are refused, and so whether there is any restriction.
    in_force: Atomic<bool>,
}

impl Restriction {
    /// Allows everything.
    pub(crate) const fn none() -> Self {
        Self {
            allowed: [const { Atomic::new(u64::MAX) }; WORDS],
            in_force: Atomic::new(false),
        }
    }

    /// Whether a call may be made.
    #[inline(always)]
    pub(crate) fn allows(&self, nr: u32) -> bool {
        // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
        match nospec::array_index(nr as usize, CALLS) {
            Some(nr) => match self.allowed.get(nr / 64) {
                Some(word) => word.load(Relaxed) >> (nr % 64) & 1 != 0,
                None => false,
            },
            None => !self.in_force.load(Relaxed),
        }
    }

    /// Whether anything was ever taken away.
    pub(crate) fn in_force(&self) -> bool {
        self.in_force.load(Relaxed)
    }

    /// Leaves of the allowed calls those that are allowed by `mask` as well.
    ///
    /// Of two threads that do this at once, each takes away its own: what is left is allowed by
    /// both.
    pub(crate) fn shrink(&self, mask: &[u64; WORDS]) {
        // ORDERING: A word is never added to, so no order of the words or of the flag can make a
        // call possible that was not before. Who restricts and then tells another thread to go on
        // has ordered the two by telling.
        self.in_force.store(true, Relaxed);
        for (word, mask) in self.allowed.iter().zip(mask) {
            let mut old = word.load(Relaxed);
            while let Err(now) = word.cmpxchg(old, old & mask, Relaxed) {
                old = now;
            }
        }
    }
}
