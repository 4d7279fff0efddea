// SPDX-License-Identifier: GPL-2.0

//! What a call's record begins with.

use kernel::prelude::*;
use zerocopy_derive::Immutable;

/// The number and the flags of a call, as the one word that they are together.
///
/// There are no flags, and few numbers. So one comparison tells that both are good.
#[repr(transparent)]
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
pub(crate) struct Head(u64);

impl Head {
    /// The first of the two halves, in memory, and the other.
    #[inline(always)]
    const fn halves(self) -> (u32, u32) {
        // CAST: Half of it is meant.
        let (low, high) = (self.0 as u32, (self.0 >> 32) as u32);
        if cfg!(target_endian = "little") {
            (low, high)
        } else {
            (high, low)
        }
    }

    /// The number.
    #[inline(always)]
    pub(crate) const fn nr(self) -> u32 {
        self.halves().0
    }

    /// Whether it has flags, all of which are unknown.
    #[inline(always)]
    pub(crate) const fn has_flags(self) -> bool {
        self.halves().1 != 0
    }

    /// The number, if there are no flags; with flags it is more than any.
    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        #[cfg(all(CONFIG_64BIT, target_endian = "little"))]
        {
            // CAST: Lossless. The flags are the upper half of it.
            self.0 as usize
        }
        #[cfg(not(all(CONFIG_64BIT, target_endian = "little")))]
        {
            if self.has_flags() {
                return usize::MAX;
            }
            // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
            self.nr() as usize
        }
    }
}

impl From<u64> for Head {
    #[inline(always)]
    fn from(word: u64) -> Self {
        Self(word)
    }
}

impl From<u32> for Head {
    /// A number without flags.
    #[inline(always)]
    fn from(nr: u32) -> Self {
        let word = u64::from(nr);
        if cfg!(target_endian = "little") {
            Self(word)
        } else {
            Self(word << 32)
        }
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_head)]
mod tests {
    use super::super::table;
    use super::*;

    #[test]
    fn its_halves_are_those_in_memory() -> Result {
        // CAST: The table is far smaller.
        for nr in [0, 1, table::LEN as u32 - 1, table::LEN as u32, u32::MAX] {
            for flags in [0, 1, 1 << 31, u32::MAX] {
                let both = [nr, flags];
                let Ok(head) = Head::read_from_bytes(both.as_bytes()) else {
                    return Err(EINVAL);
                };
                assert_eq!((head.nr(), head.has_flags()), (nr, flags != 0));
                // CAST: The table is far smaller.
                let is_good = flags == 0 && nr < table::LEN as u32;
                let is_index = head.index() < table::LEN;
                assert_eq!(is_index, is_good);
            }
        }
        Ok(())
    }
}
