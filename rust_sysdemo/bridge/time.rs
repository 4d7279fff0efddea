// SPDX-License-Identifier: GPL-2.0

//! The clock that programs know as `CLOCK_MONOTONIC`.
//!
//! The `kernel` crate's `Instant` is good for differences only. A program in a time namespace sees
//! this clock with an offset: what it says and what it is told has that offset too, and must not
//! tell what the clock is outside.
//!
//! C headers: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h),
//! [`include/linux/time_namespace.h`](srctree/include/linux/time_namespace.h)

use super::shims;
use kernel::{
    bindings,
    macros::kunit_tests, //
};

/// Nanoseconds of a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// A point in time, as the kernel has it.
///
/// # Invariants
///
/// It is not negative. The kernel's timers take a negative time for an overflow, and so for the end
/// of time.
#[derive(Clone, Copy)]
pub(crate) struct Monotonic(bindings::ktime_t);

impl Monotonic {
    /// The time that a clock starts at.
    // INVARIANT: It is not negative.
    pub(crate) const ZERO: Self = Self(0);

    /// The time now.
    pub(crate) fn now() -> Self {
        // SAFETY: The clock can be read in the context of any task.
        // INVARIANT: The clock is not negative.
        Self(unsafe { bindings::ktime_get() })
    }

    /// The time at the last tick, C's `CLOCK_MONOTONIC_COARSE`.
    pub(crate) fn coarse() -> Self {
        let mut time = bindings::timespec64::default();
        // SAFETY: `time` can be written.
        unsafe { bindings::ktime_get_coarse_ts64(&mut time) };
        // INVARIANT: The clock is not negative. It cannot be beyond the end of time either.
        Self(
            time.tv_sec
                .saturating_mul(NANOSECONDS)
                .saturating_add(time.tv_nsec as i64),
        )
    }

    /// Whether the clock of the task that is running is the kernel's own, and not set off from it.
    pub(crate) fn is_clock_of_current() -> bool {
        // SAFETY: The task keeps its namespaces while it is in here; the function only adds to a
        // number.
        unsafe { shims::sysdemo_monotonic_for_current(0) == 0 }
    }

    /// So many nanoseconds from now on; the end of time if that is later.
    pub(crate) fn after(nanoseconds: i64) -> Self {
        // INVARIANT: The clock is not negative, and what is added to it is made so.
        Self(Self::now().0.saturating_add(nanoseconds.max(0)))
    }

    /// When the clock of the task that is running shows so many nanoseconds.
    pub(crate) fn at_for_current(nanoseconds: i64) -> Self {
        // SAFETY: The task keeps its namespaces while it is in here; the function only subtracts
        // from a number.
        let time = unsafe { shims::sysdemo_monotonic_to_host(nanoseconds) };
        // INVARIANT: What is before the clock's beginning is past as well.
        Self(time.max(0))
    }

    /// How many nanoseconds are left until then; 0 if it is over.
    pub(crate) fn remaining(self) -> i64 {
        self.0.saturating_sub(Self::now().0).max(0)
    }

    /// Nanoseconds on the kernel's own clock.
    pub(crate) fn as_nanos(self) -> u64 {
        // CAST: It is not negative.
        self.0 as u64
    }

    /// Nanoseconds on the clock of the task that is running; 0 for a time before that clock
    /// started. The kernel sees to it that no namespace's clock is before zero now, but not that
    /// none was.
    pub(crate) fn as_nanos_for_current(self) -> u64 {
        // SAFETY: The task keeps its namespaces while it is in here; the function only adds to a
        // number.
        let nanos = unsafe { shims::sysdemo_monotonic_for_current(self.0) };
        // CAST: It is not negative.
        nanos.max(0) as u64
    }

    /// The time as C has it.
    pub(super) fn into_raw(self) -> bindings::ktime_t {
        self.0
    }
}

#[kunit_tests(sysdemo_time)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert!(Monotonic::after(i64::MAX).remaining() > i64::MAX / 2);
        assert!(Monotonic::at_for_current(i64::MAX).remaining() > i64::MAX / 2);
    }

    #[test]
    fn nothing_remains_of_what_is_past() {
        for time in [0, 1, i64::MIN] {
            assert_eq!(Monotonic::at_for_current(time).remaining(), 0);
        }
    }

    #[test]
    fn the_last_tick_is_past() {
        let (before, coarse) = (Monotonic::now(), Monotonic::coarse());
        assert!(coarse.as_nanos() <= Monotonic::now().as_nanos());
        // Not by much: there are some hundred ticks a second.
        assert!(before.as_nanos() - coarse.as_nanos().min(before.as_nanos()) < 1_000_000_000);
    }

    #[test]
    fn a_time_comes_back_as_it_went_in() {
        for time in [1, 1_000_000_007, i64::MAX / 2] {
            let told = Monotonic::at_for_current(time).as_nanos_for_current();
            assert_eq!(i64::try_from(told), Ok(time));
        }
        assert_eq!(
            Monotonic::at_for_current(i64::MIN).as_nanos_for_current(),
            0
        );
    }
}
