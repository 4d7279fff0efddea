// SPDX-License-Identifier: GPL-2.0

//! Memory that calls may do anything with, at the same place for both devices.

use super::step::Given;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use std::ptr;
use std::slice;
use std::sync::LazyLock;

/// How much of it there is.
const SIZE: usize = 8192;

/// What is around it and cannot be used: more than a call copies, or clears, at once.
const GUARD: usize = 1 << 20;

/// Paths that are in it, each at its place.
pub(super) const PATHS: [(u32, &[u8]); 7] = [
    (1024, b"a"),
    (1040, b"a/b"),
    (1056, b"/"),
    (1072, b"a/.."),
    (1088, b"a/"),
    (1104, b"label"),
    (1120, b""),
];

/// Where it is, once it is there.
static ADDRESS: LazyLock<usize> = LazyLock::new(|| {
    // SAFETY: A mapping at a place of the kernel's choice.
    let area = unsafe {
        mmap_anonymous(
            ptr::null_mut(),
            SIZE + 2 * GUARD,
            ProtFlags::empty(),
            MapFlags::PRIVATE,
        )
    }
    .expect("there is memory");
    let start = area.addr() + GUARD;
    // SAFETY: It is a part of the mapping that was just made.
    unsafe {
        mprotect(
            ptr::with_exposed_provenance_mut(start),
            SIZE,
            MprotectFlags::READ | MprotectFlags::WRITE,
        )
    }
    .expect("there is memory");
    area.expose_provenance();
    start
});

/// What a step's number or address is.
pub(super) fn value(given: Given) -> u64 {
    let start = *ADDRESS as u64;
    match given {
        Given::Number(number) => number,
        Given::At(offset) => start + u64::from(offset).min(SIZE as u64),
        Given::End(distance) => start + (SIZE as u64).saturating_sub(distance.into()),
        Given::Nowhere => start - 4096,
        Given::Kernel => 0xffff_8880_0000_1000,
    }
}

/// The arena, for who is between two steps.
fn bytes() -> &'static mut [u8] {
    // SAFETY: The mapping is there for good. One thread takes all steps, keeps no such reference
    // beyond a function of this file, and makes no call meanwhile.
    unsafe { slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(*ADDRESS), SIZE) }
}

/// Fills it: the words, the paths, and zeros. Gives what is in it.
pub(super) fn fill(words: &[Given]) -> Vec<u8> {
    let arena = bytes();
    arena.fill(0);
    for (offset, path) in PATHS {
        let offset = offset as usize;
        arena[offset..offset + path.len()].copy_from_slice(path);
    }
    for (place, word) in arena.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&value(*word).to_le_bytes());
    }
    arena.to_vec()
}

/// Which bytes are others than before.
pub(super) fn changed(before: &[u8]) -> Vec<(usize, u8)> {
    let pairs = bytes().iter().zip(before).enumerate();
    pairs
        .filter(|(_, (now, before))| now != before)
        .map(|(at, (now, _))| (at, *now))
        .collect()
}

/// The number at an address; `None` if it is not in the arena.
pub(super) fn word(address: u64) -> Option<u64> {
    let offset = usize::try_from(address).ok()?.checked_sub(*ADDRESS)?;
    let bytes = bytes().get(offset..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}
