// SPDX-License-Identifier: GPL-2.0

//! Tests that report as KTAP, which no test harness on crates.io prints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use sysdemo::Device;

/// A test: it fails by panicking.
type Test = Box<dyn Fn(&str)>;

/// A list of tests.
pub(crate) struct Tests {
    device: String,
    tests: Vec<(String, Test)>,
}

impl Tests {
    /// Starts an empty list, for a device.
    pub(crate) fn new(device: String) -> Self {
        Self {
            device,
            tests: Vec::new(),
        }
    }

    /// Adds a test that opens the device itself.
    pub(crate) fn add_with_path(&mut self, name: impl Into<String>, test: impl Fn(&str) + 'static) {
        self.tests.push((name.into(), Box::new(test)));
    }

    /// Adds a test that gets a freshly opened device.
    pub(crate) fn add(&mut self, name: impl Into<String>, test: impl Fn(&Device) + 'static) {
        self.add_with_path(name, move |path| {
            test(&Device::open(path).expect("the device can be opened"));
        });
    }

    /// Runs the tests in order.
    pub(crate) fn run(self) -> ExitCode {
        println!("KTAP version 1\n1..{}", self.tests.len());
        // A panic says what was wrong: as a diagnostic line of KTAP.
        std::panic::set_hook(Box::new(|info| {
            for line in info.to_string().lines() {
                println!("# {line}");
            }
        }));
        let mut failed = false;
        for (number, (name, test)) in self.tests.iter().enumerate() {
            let passed = catch_unwind(AssertUnwindSafe(|| test(&self.device))).is_ok();
            failed |= !passed;
            let word = if passed { "ok" } else { "not ok" };
            println!("{word} {} {name}", number + 1);
        }
        ExitCode::from(u8::from(failed))
    }
}
