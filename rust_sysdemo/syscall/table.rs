// SPDX-License-Identifier: GPL-2.0

//! The table of calls: read-only, and proven at compile time.

use super::{
    define::{
        Returned,
        Run, //
    },
    head::Head,
    regs,
    Context,
    Entry, //
};
use crate::{
    bridge::nospec,
    calls,
    uapi, //
};
use kernel::prelude::*;

/// Number of slots in the table.
pub(super) const LEN: usize = uapi::SYSDEMO_NR_CALLS as usize;

/// The calls by their numbers; a hole is a call that does not exist.
///
/// All of it is known when the module is built and none of it ever changes, so it lies in the
/// module's read-only data.
static TABLE: [Option<Entry>; LEN] = CALLS;

/// The same, for what is made of it at compile time.
const CALLS: [Option<Entry>; LEN] = build(calls::ALL);

/// A column of the table: what each call has of something, with something else for the holes.
macro_rules! column {
    ($hole:expr, |$entry:ident| $value:expr) => {{
        let mut column = [$hole; LEN];
        let mut i = 0;
        while i < LEN {
            if let Some($entry) = CALLS[i] {
                column[i] = $value;
            }
            i += 1;
        }
        column
    }};
}

/// What is run for each number. A hole has [`hole`], so that nobody has to ask whether there is
/// one.
static RUN: [Run; LEN] = column!(hole as Run, |entry| entry.run);

/// Whether a call has any parameters.
static HAS_PARAMETERS: [bool; LEN] = column!(false, |entry| !entry.parameters.is_empty());

/// Whether a call is there to sleep.
static SLEEPS: [bool; LEN] = column!(false, |entry| entry.sleeps);

/// The calls without parameters, as far as they have a bit in it.
pub(crate) const WITHOUT_PARAMETERS: u64 = {
    const HAVE_BITS: usize = if LEN < 64 { LEN } else { 64 };
    let mut bits = 0;
    let mut i = 0;
    while i < HAVE_BITS {
        if let Some(entry) = CALLS[i] {
            if entry.parameters.is_empty() {
                bits |= 1 << i;
            }
        }
        i += 1;
    }
    bits
};

/// What is run where there is no call: it fails with [`ENOSYS`], as `sys_ni_syscall()` does.
fn hole(_ctx: &Context<'_>, _args: &[u64; regs::COUNT]) -> Returned {
    Err(ENOSYS).into()
}

/// Sorts the calls into their slots.
///
/// # Panics
///
/// At compile time, if two calls have the same number or one has a number beyond the table.
const fn build(calls: &[Entry]) -> [Option<Entry>; LEN] {
    let mut table = [None; LEN];
    let mut i = 0;
    while i < calls.len() {
        let slot = calls[i].nr as usize;
        assert!(slot < LEN, "a call's number is beyond SYSDEMO_NR_CALLS");
        assert!(table[slot].is_none(), "two calls have the same number");
        table[slot] = Some(calls[i]);
        i += 1;
    }
    table
}

/// A slot of the table: a number that is less than [`LEN`], also in speculation.
///
/// # Invariants
///
/// The number is less than [`LEN`], and a CPU that guesses otherwise computes with 0.
#[derive(Clone, Copy)]
pub(super) struct Slot(usize);

impl Slot {
    /// The slot of a call; [`None`] if its number is beyond the table, or if it has flags.
    #[inline(always)]
    pub(super) fn of(head: Head) -> Option<Self> {
        // INVARIANT: This is what `array_index_of` gives.
        nospec::array_index_of::<LEN>(head.index()).map(Self)
    }

    /// The number.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        self.0
    }

    /// What is run for it.
    #[inline(always)]
    pub(super) fn run(self) -> Run {
        match RUN.get(self.0) {
            Some(run) => *run,
            // By the type invariant there is no such slot.
            None => hole,
        }
    }

    /// Whether the call in it has any parameters.
    #[inline(always)]
    pub(super) fn has_parameters(self) -> bool {
        HAS_PARAMETERS.get(self.0).is_some_and(|has| *has)
    }

    /// The call in it; [`None`] if it is a hole.
    fn entry(self) -> Option<&'static Entry> {
        TABLE.get(self.0)?.as_ref()
    }
}

/// Whether a call is there to sleep.
#[inline(always)]
pub(crate) fn sleeps(head: Head) -> bool {
    Slot::of(head).is_some_and(|slot| SLEEPS.get(slot.0).is_some_and(|sleeps| *sleeps))
}

/// Looks up a call by its number; [`None`] for a hole and for a number beyond the table.
pub(crate) fn get(nr: u32) -> Option<&'static Entry> {
    Slot::of(Head::from(nr))?.entry()
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_table)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_its_slot() {
        for call in calls::ALL {
            assert!(get(call.nr).is_some_and(|found| found.name == call.name));
        }
    }

    #[test]
    fn calls_that_sleep_say_so() {
        for call in calls::ALL {
            let sleeps = matches!(call.nr, uapi::SYSDEMO_NR_SLEEP | uapi::SYSDEMO_NR_WAIT);
            assert_eq!(call.sleeps, sleeps);
            assert_eq!(super::sleeps(Head::from(call.nr)), sleeps);
        }
    }

    #[test]
    fn there_is_nothing_else_in_it() {
        assert_eq!(TABLE.iter().flatten().count(), calls::ALL.len());
    }

    #[test]
    fn numbers_beyond_the_table_have_no_slot() {
        // CAST: The table is far shorter than that.
        for nr in [LEN as u32, LEN as u32 + 1, 1 << 31, u32::MAX] {
            assert!(Slot::of(Head::from(nr)).is_none());
            assert!(get(nr).is_none());
        }
    }
}
