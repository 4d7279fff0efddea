// SPDX-License-Identifier: GPL-2.0

//! The records of a log, in the order in which they were made: a ring of fixed size.
//!
//! A record that a reader has taken keeps its place until the reader is done with it, for it may be
//! given back: what could not be copied to the reader's memory is not lost. So a ring counts two
//! things, what waits to be read and what is taken, and both together never exceed its capacity.

use crate::bridge::time::Monotonic;
use kernel::prelude::*;

/// A call that was made.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// When it ended.
    pub(super) time: Monotonic,
    /// Its number in the log.
    pub(super) seq: u64,
    /// What it gave.
    pub(super) ret: i64,
    /// The number of the call.
    pub(super) nr: u32,
    /// The id of the thread that made it, or 0.
    pub(super) tid: u32,
}

impl Entry {
    /// What a place holds before there is anything in it.
    const NONE: Self = Self {
        time: Monotonic::ZERO,
        seq: 0,
        ret: 0,
        nr: 0,
        tid: 0,
    };
}

/// A ring of records.
///
/// # Invariants
///
/// - `first` is less than the number of places, or 0 if there are none.
/// - `waiting + taken` is not more than that number.
pub(super) struct Ring {
    /// All places. There are no more and no fewer as long as the ring is there.
    places: KVec<Entry>,
    /// Where the oldest record is that waits.
    first: usize,
    /// How many records wait to be read.
    waiting: usize,
    /// How many are with readers.
    taken: usize,
}

impl Ring {
    /// A ring without a place.
    pub(super) const fn empty() -> Self {
        // INVARIANT: All numbers are 0.
        Self {
            places: KVec::new(),
            first: 0,
            waiting: 0,
            taken: 0,
        }
    }

    /// A ring for `capacity` records, in memory that the caller is charged for.
    ///
    /// Fails with [`ENOMEM`].
    pub(super) fn new(capacity: usize) -> Result<Self> {
        // INVARIANT: All numbers are 0.
        Ok(Self {
            places: KVec::from_elem(Entry::NONE, capacity, GFP_KERNEL_ACCOUNT)?,
            ..Self::empty()
        })
    }

    /// How many records there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.places.len()
    }

    /// How many records wait to be read.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many records there are: those that wait, and those that are with readers.
    pub(super) fn held(&self) -> usize {
        self.waiting + self.taken
    }

    /// The place that is `distance` places after the first, which is not more than there are.
    fn place(&self, distance: usize) -> usize {
        let place = self.first + distance;
        if place < self.capacity() {
            place
        } else {
            place - self.capacity()
        }
    }

    /// Adds a record; says whether one had to be dropped for it: the oldest that waits, or, if all
    /// are with readers, this one.
    #[must_use]
    pub(super) fn push(&mut self, entry: Entry) -> bool {
        let full = self.held() >= self.capacity();
        if full {
            if self.waiting == 0 {
                return true;
            }
            // INVARIANT: The place is one of the ring's.
            self.first = self.place(1);
            self.waiting -= 1;
        }
        let place = self.place(self.waiting);
        if let Some(place) = self.places.get_mut(place) {
            *place = entry;
        }
        // INVARIANT: There was room, or there is now.
        self.waiting += 1;
        full
    }

    /// Takes the oldest record that waits. Its place is kept until [`Ring::done`] or
    /// [`Ring::give_back`].
    pub(super) fn take(&mut self) -> Option<Entry> {
        if self.waiting == 0 {
            return None;
        }
        let entry = *self.places.get(self.first)?;
        // INVARIANT: The place is one of the ring's; the sum stays the same.
        self.first = self.place(1);
        self.waiting -= 1;
        self.taken += 1;
        Some(entry)
    }

    /// A reader is done with a record that it took.
    pub(super) fn done(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// A reader gives a record back that it took: it is the next one to be read.
    pub(super) fn give_back(&mut self, entry: Entry) {
        if self.taken == 0 {
            return;
        }
        // As one record is taken, there is a place that none waits in: the one before the first.
        let place = match self.first {
            0 => self.capacity() - 1,
            first => first - 1,
        };
        if let Some(place) = self.places.get_mut(place) {
            *place = entry;
        }
        // INVARIANT: The place is one of the ring's; the sum stays the same.
        self.first = place;
        self.waiting += 1;
        self.taken -= 1;
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_ring)]
mod tests {
    use super::*;

    /// A record of a number.
    fn entry(seq: u64) -> Entry {
        Entry { seq, ..Entry::NONE }
    }

    /// Takes a record and is done with it.
    fn read(ring: &mut Ring) -> Option<u64> {
        let entry = ring.take()?;
        ring.done();
        Some(entry.seq)
    }

    #[test]
    fn an_empty_ring_has_no_place() -> Result {
        let mut ring = Ring::empty();
        assert!(ring.push(entry(0)));
        assert!(ring.take().is_none());
        ring.done();
        ring.give_back(entry(1));
        assert_eq!(ring.held(), 0);
        Ok(())
    }

    #[test]
    fn records_come_out_as_they_went_in() -> Result {
        for capacity in 1..5 {
            let mut ring = Ring::new(capacity)?;
            for seq in 0..20 {
                assert!(!ring.push(entry(seq)));
                assert_eq!(ring.waiting(), 1);
                assert_eq!(read(&mut ring), Some(seq));
                assert_eq!(read(&mut ring), None);
            }
        }
        Ok(())
    }

    #[test]
    fn the_oldest_is_dropped() -> Result {
        let mut ring = Ring::new(3)?;
        for seq in 0..10 {
            let dropped = ring.push(entry(seq));
            assert_eq!(dropped, seq >= 3);
        }
        for seq in 7..10 {
            assert_eq!(read(&mut ring), Some(seq));
        }
        assert_eq!(ring.held(), 0);
        Ok(())
    }

    #[test]
    fn what_is_given_back_comes_first() -> Result {
        let mut ring = Ring::new(3)?;
        for seq in 0..3 {
            assert!(!ring.push(entry(seq)));
        }
        let taken = ring.take().ok_or(EINVAL)?;
        // Its place is not for others: the next one drops the oldest that waits.
        assert!(ring.push(entry(3)));
        ring.give_back(taken);
        for seq in [0, 2, 3] {
            assert_eq!(read(&mut ring), Some(seq));
        }
        Ok(())
    }

    #[test]
    fn all_may_be_taken() -> Result {
        let mut ring = Ring::new(2)?;
        for seq in 0..2 {
            assert!(!ring.push(entry(seq)));
        }
        let first = ring.take().ok_or(EINVAL)?;
        let second = ring.take().ok_or(EINVAL)?;
        // There is nothing that could be dropped but the new one.
        assert!(ring.push(entry(2)));
        assert_eq!((ring.waiting(), ring.held()), (0, 2));
        ring.give_back(second);
        ring.give_back(first);
        assert_eq!(read(&mut ring), Some(0));
        assert_eq!(read(&mut ring), Some(1));
        assert_eq!(read(&mut ring), None);
        Ok(())
    }
}
