// SPDX-License-Identifier: GPL-2.0

//! Sleeping for a precise time, until something happens or a signal comes.
//!
//! What the `kernel` crate has for that (`CondVar`) counts in jiffies. The timers here are those
//! of `nanosleep(2)`, with the slack that the task asks for.
//!
//! C headers: [`include/linux/hrtimer.h`](srctree/include/linux/hrtimer.h),
//! [`include/linux/sched.h`](srctree/include/linux/sched.h)

use super::{
    shims,
    time::Monotonic, //
};
use core::ptr;
use kernel::{
    bindings,
    current,
    macros::kunit_tests,
    sync::atomic::{
        atomic_load,
        Relaxed, //
    },
    task::might_sleep, //
};

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What was waited for has happened.
    Woken,
    /// The time is up.
    TimedOut,
    /// A signal is pending.
    Signal,
}

/// Sleeps until a time.
///
/// Never ends in [`Ending::Woken`].
pub(crate) fn until(deadline: Monotonic) -> Ending {
    until_woken(Some(deadline), || false)
}

/// Sleeps until `is_woken`, and a time if there is one.
///
/// Who wakes makes `is_woken` true and then wakes up the task; neither is missed, unless the time
/// is up or a signal comes at the same time: then that is told. What else may wake it up is slept
/// over. `is_woken` must not sleep.
pub(super) fn until_woken(deadline: Option<Monotonic>, is_woken: impl Fn() -> bool) -> Ending {
    might_sleep();
    let mut deadline = deadline.map(Monotonic::into_raw);
    let deadline: *mut bindings::ktime_t = match &mut deadline {
        Some(deadline) => deadline,
        None => ptr::null_mut(),
    };
    let task = current!().as_ptr();
    // SAFETY: The field of the running task is valid and aligned. Others may write it (by /proc),
    // in one piece, and this is an atomic load.
    let slack = unsafe { atomic_load(&raw mut (*task).timer_slack_ns, Relaxed) };

    loop {
        // ORDERING: The state is stored before `is_woken` is asked, with a full barrier between;
        // who wakes makes that true before it looks at the state, with one as well.
        //
        // SAFETY: The state is set back below, or by sleeping.
        unsafe { shims::sysdemo_begin_sleep() };
        if is_woken() {
            // SAFETY: The task is running.
            unsafe { shims::sysdemo_end_sleep() };
            return Ending::Woken;
        }
        // SAFETY: The time is on this stack, or null for none.
        let ended = unsafe {
            bindings::schedule_hrtimeout_range(
                deadline,
                slack,
                bindings::hrtimer_mode_HRTIMER_MODE_ABS,
            )
        };
        if ended == 0 {
            return Ending::TimedOut;
        }
        if current!().signal_pending() {
            return Ending::Signal;
        }
    }
}

#[kunit_tests(sysdemo_sleep)]
mod tests {
    use super::*;

    #[test]
    fn what_has_happened_is_not_waited_for() {
        assert_eq!(until_woken(None, || true), Ending::Woken);
        assert_eq!(
            until_woken(Some(Monotonic::after(i64::MAX)), || true),
            Ending::Woken
        );
    }

    #[test]
    fn a_time_that_is_past_is_not_slept() {
        for time in [0, 1, i64::MIN] {
            assert_eq!(until(Monotonic::at_for_current(time)), Ending::TimedOut);
        }
        assert_eq!(until(Monotonic::after(0)), Ending::TimedOut);
    }
}
