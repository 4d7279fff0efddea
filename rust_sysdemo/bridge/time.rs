// SPDX-License-Identifier: GPL-2.0

//! The clock that programs know as `CLOCK_MONOTONIC`.
//!
//! The `kernel` crate's `Instant` is good for differences only. A program in a time namespace sees
//! this clock with an offset: what it is told has to have that offset too, and must not tell what
//! the clock is outside.
//!
//! C headers: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h),
//! [`include/linux/time_namespace.h`](srctree/include/linux/time_namespace.h)

use super::shims;
use kernel::bindings;

/// A point in time, as the kernel has it.
#[derive(Clone, Copy)]
pub(crate) struct Monotonic(i64);

impl Monotonic {
    /// The time that a clock starts at.
    pub(crate) const ZERO: Self = Self(0);

    /// The time now.
    pub(crate) fn now() -> Self {
        // SAFETY: The clock can be read in the context of any task.
        Self(unsafe { bindings::ktime_get() })
    }

    /// Nanoseconds on the clock of the task that is running.
    pub(crate) fn as_nanos_for_current(self) -> u64 {
        // SAFETY: The task that is running has a time namespace; the function only adds to a
        // number.
        let nanos = unsafe { shims::sysdemo_monotonic_for_current(self.0) };
        // CAST: The kernel sees to it that no namespace's clock is before zero.
        nanos as u64
    }
}
