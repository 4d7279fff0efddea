// SPDX-License-Identifier: GPL-2.0

//! Tests of the device through the Rust library: `tester [DEVICE]`. Prints KTAP.

mod calls;
mod ktap;
mod pointers;
mod properties;
mod sizes;

use std::process::ExitCode;

fn main() -> ExitCode {
    let device = std::env::args()
        .nth(1)
        .unwrap_or_else(|| sysdemo::DEVICE.into());
    let mut tests = ktap::Tests::new(device);
    calls::add(&mut tests);
    pointers::add(&mut tests);
    sizes::add(&mut tests);
    properties::add(&mut tests);
    tests.run()
}
