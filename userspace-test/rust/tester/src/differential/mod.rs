// SPDX-License-Identifier: GPL-2.0

//! The device's calls and the system calls that they are modelled on, asked the same: what they
//! answer has to be the same. What is asked is made up; what differs is made as small as possible
//! before it is printed.

mod script;
mod threads;
pub(crate) mod waiting;

use crate::ktap::Tests;

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("differential_waiting", waiting::run);
}
