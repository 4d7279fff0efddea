// SPDX-License-Identifier: GPL-2.0

//! The time of day, as files have it.
//!
//! C header: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h)

use kernel::{
    bindings,
    ffi::c_long, //
};

/// Nanoseconds of a second.
const NANOSECONDS: u64 = 1_000_000_000;

/// Nanoseconds since 1970, as of the last tick of the kernel's clock. A year before that is told as
/// 1970 and one after 2554 as some other.
pub(crate) fn now() -> u64 {
    let mut time = bindings::timespec64::default();
    // SAFETY: `time` can be written.
    unsafe { bindings::ktime_get_coarse_real_ts64(&mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    // CAST: Nanoseconds are between 0 and a second.
    seconds
        .wrapping_mul(NANOSECONDS)
        .wrapping_add(time.tv_nsec as u64)
}

/// The same in the kernel's own form.
pub(super) fn timespec(time: u64) -> bindings::timespec64 {
    bindings::timespec64 {
        // CAST: A quotient by that much fits, and so does a rest.
        tv_sec: (time / NANOSECONDS) as bindings::time64_t,
        tv_nsec: (time % NANOSECONDS) as c_long,
    }
}
