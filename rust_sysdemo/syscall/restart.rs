// SPDX-License-Identifier: GPL-2.0

//! What becomes of a call that a signal ended before it was done.
//!
//! Such a call fails with a number beyond all that user space knows. On the way out of the kernel,
//! and nowhere else, it is known whether the signal has a handler, and so what the number means:
//!
//! | | without a handler | with one | with one that has `SA_RESTART` |
//! |---|---|---|---|
//! | [`ERESTARTSYS`] | again | `EINTR` | again |
//! | [`ERESTARTNOHAND`] | again | `EINTR` | `EINTR` |
//! | [`ERESTARTNOINTR`] | again | again | again |
//!
//! "Again" is the real system call, with the registers that it had. So a door that is a system call
//! for one call gives the number back as its own result, and the record has no result; a door that
//! has made other calls before cannot, and says [`EINTR`].
//!
//! `ERESTART_RESTARTBLOCK`, which lets a call go on otherwise than it began, is not for modules:
//! the function that the kernel would call could be gone by then. A call whose arguments change
//! writes that into the caller's memory, as `select(2)` does.

use kernel::prelude::*;

/// The error of a call that a signal ended.
#[derive(Debug)]
pub(crate) struct Restart(Error);

impl Restart {
    /// Whether an error number is of this kind.
    pub(super) fn is_one(number: i64) -> bool {
        const ALL: [Error; 4] = [
            ERESTARTSYS,
            ERESTARTNOINTR,
            ERESTARTNOHAND,
            ERESTART_RESTARTBLOCK,
        ];
        ALL.iter()
            .any(|error| i64::from(error.to_errno()) == number)
    }

    /// The error of a number that is of this kind.
    #[cold]
    pub(super) fn new(number: i64) -> Self {
        // CAST: It is an error number.
        Self(Error::from_errno(number as c_int))
    }
}

impl From<Restart> for Error {
    fn from(restart: Restart) -> Self {
        restart.0
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_restart)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_kernels_own_is_a_result() {
        for number in 1..=kernel::bindings::MAX_ERRNO {
            let internal = matches!(number, 512 | 513 | 514 | 516);
            assert_eq!(Restart::is_one(-i64::from(number)), internal);
        }
    }

    #[test]
    fn the_kernel_gets_the_number_that_the_call_gave() {
        for error in [ERESTARTSYS, ERESTARTNOHAND] {
            let restart = Restart::new(error.to_errno().into());
            assert!(Error::from(restart) == error);
        }
    }
}
