// SPDX-License-Identifier: GPL-2.0

//! `mmap(2)`: what the device shares with programs.

use super::session::Session;
use crate::{
    bridge::shared_memory,
    uapi, //
};
use kernel::{
    mm::virt::VmaNew,
    prelude::*, //
};

/// Maps what is at an offset.
///
/// Fails with [`EINVAL`] if there is nothing, and otherwise as that does.
pub(super) fn map(session: &Session, vma: &VmaNew) -> Result {
    match shared_memory::offset(vma) {
        VVAR => session.opening.vvar().map(&session.restriction, vma),
        RING => session.ring.as_ref().ok_or(ENXIO)?.map(vma),
        _ => Err(EINVAL),
    }
}

// CAST: Lossless, but `u64::from()` is not `const`.
const VVAR: u64 = uapi::SYSDEMO_MMAP_VVAR as u64;
const RING: u64 = uapi::SYSDEMO_MMAP_RING as u64;
