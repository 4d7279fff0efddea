// SPDX-License-Identifier: GPL-2.0

//! Which calls may be made: seccomp's idea, for one open device.

use super::{
    head::Head,
    table::{
        self,
        Slot, //
    }, //
};
use crate::{
    bridge::{
        flag,
        nospec, //
    },
    uapi::{
        SYSDEMO_RESTRICT_CALLS,
        SYSDEMO_RESTRICT_WORDS, //
    },
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
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

    /// Whether the call in a slot of the table may be made.
    #[inline(always)]
    pub(super) fn allows(&self, slot: Slot) -> bool {
        const {
            assert!(
                table::LEN <= CALLS,
                "a restriction has to have a bit for every call"
            );
        }
        self.has_bit(slot.number())
    }

    /// Whether the call of a number may be made: one of those in the header, not a caller's.
    pub(crate) fn allows_call(&self, nr: u32) -> bool {
        Slot::of(Head::from(nr)).is_some_and(|slot| self.allows(slot))
    }

    /// Whether the bit of a number is set, which has to be one that can be used in speculation.
    #[inline(always)]
    fn has_bit(&self, nr: usize) -> bool {
        match self.allowed.get(nr / 64) {
            Some(word) => flag::bits(word) >> (nr % 64) & 1 != 0,
            None => false,
        }
    }

    /// The error of a number that is not allowed, or that there is no call of: [`EPERM`] or
    /// [`ENOSYS`].
    pub(super) fn error_of_refused(&self, nr: u32) -> Error {
        // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
        let allowed = match nospec::array_index_of::<CALLS>(nr as usize) {
            Some(nr) => self.has_bit(nr),
            None => !self.in_force.load(Relaxed),
        };
        if allowed {
            ENOSYS
        } else {
            EPERM
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

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_restrict)]
mod tests {
    use super::*;

    #[test]
    fn at_first_all_is_allowed() {
        let restriction = Restriction::none();
        assert!(!restriction.in_force());
        assert!((0..CALLS).all(|nr| restriction.has_bit(nr)));
        // CAST: A restriction speaks of far fewer calls than that.
        for nr in [CALLS as u32 - 1, CALLS as u32, u32::MAX] {
            assert!(restriction.error_of_refused(nr) == ENOSYS);
        }
    }

    #[test]
    fn what_is_gone_does_not_come_back() {
        let restriction = Restriction::none();
        let mut even = [0; WORDS];
        for word in &mut even {
            *word = 0x5555_5555_5555_5555;
        }
        restriction.shrink(&even);
        restriction.shrink(&[u64::MAX; WORDS]);
        assert!(restriction.in_force());
        assert!((0..CALLS).all(|nr| restriction.has_bit(nr) == (nr % 2 == 0)));
        assert!(restriction.error_of_refused(u32::MAX) == EPERM);
    }
}
