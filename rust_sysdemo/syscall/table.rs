// SPDX-License-Identifier: GPL-2.0

//! The table of calls: read-only, and proven at compile time.

use super::Entry;
use crate::{
    bridge::nospec,
    calls,
    uapi, //
};

/// Number of slots in the table.
pub(crate) const LEN: usize = uapi::SYSDEMO_NR_CALLS as usize;

/// The calls by their numbers; a hole is a call that does not exist.
///
/// All of it is known when the module is built and none of it ever changes, so it lies in the
/// module's read-only data.
static TABLE: [Option<Entry>; LEN] = build(calls::ALL);

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

/// Looks up a call by its number.
///
/// [`None`] for a hole and for a number beyond the table. A number from user space cannot
/// make the CPU read beyond the table even in speculation.
#[inline(always)]
pub(crate) fn get(nr: u32) -> Option<&'static Entry> {
    // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
    let slot = nospec::array_index(nr as usize, LEN)?;
    TABLE.get(slot)?.as_ref()
}
