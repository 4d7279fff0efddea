// SPDX-License-Identifier: GPL-2.0

//! Tests of the device through the Rust library: `tester [DEVICE]`. Prints KTAP.
//!
//! With `--replay SCRIPT` after the device, a script is tried again for which
//! `differential_waiting` found the answers to differ.

mod calls;
mod differential;
mod ktap;
mod pointers;
mod properties;
mod sizes;
mod tree;

use std::process::ExitCode;

/// The script that is to be tried again, if one is.
fn replayed() -> Option<String> {
    let mut arguments = std::env::args().skip(2);
    (arguments.next()? == "--replay").then(|| arguments.next().unwrap_or_default())
}

fn replay(device: &str, script: &str) -> ExitCode {
    let device = sysdemo::Device::open(device).expect("the device can be opened");
    match differential::waiting::replay(&device, script) {
        Ok(()) => {
            println!("the answers are the same");
            ExitCode::SUCCESS
        }
        Err(text) => {
            println!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn main() -> ExitCode {
    let device = std::env::args()
        .nth(1)
        .unwrap_or_else(|| sysdemo::DEVICE.into());
    if let Some(script) = replayed() {
        return replay(&device, &script);
    }
    let mut tests = ktap::Tests::new(device);
    calls::add(&mut tests);
    pointers::add(&mut tests);
    sizes::add(&mut tests);
    tree::add(&mut tests);
    properties::add(&mut tests);
    differential::add(&mut tests);
    tests.run()
}
