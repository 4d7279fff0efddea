// SPDX-License-Identifier: GPL-2.0

//! A fuzzer of the device, guided by what the kernel runs: `fuzz [DEVICE]`. Prints KTAP.
//!
//! This is two processes. One, of the module `supervise`, starts the other and tells how it went;
//! it lives on when the other one does not. The other, of the module `engine`, is libFuzzer: it
//! makes inputs, `program` turns each into a sequence of steps, of which some are taken by two
//! threads at once, `kcov` tells libFuzzer which edges of the module's code these took, and what
//! took new ones is kept and varied further.
//!
//! What is run is noted in memory that the host can read, by `shared`, before it is run: the kernel
//! may not come back from it.

#![deny(unsafe_code)]

mod abi;
#[allow(unsafe_code)]
mod arena;
#[allow(unsafe_code)]
mod door;
#[allow(unsafe_code)]
mod engine;
#[allow(unsafe_code)]
mod kcov;
mod log;
mod partner;
mod program;
mod reader;
#[allow(unsafe_code)]
mod shared;
mod step;
mod supervise;
#[allow(unsafe_code)]
mod uring;

use std::process::ExitCode;

/// Set for the process that is the engine, to the device's path.
const ENGINE: &str = "SYSDEMO_FUZZ_ENGINE";

/// Says what to do: for how many seconds to fuzz, or to minimize.
const WHAT: &str = "SYSDEMO_FUZZ";
/// What it says to make a small corpus of one that is there.
const MINIMIZE: &str = "minimize";

fn main() -> ExitCode {
    if std::env::var_os(ENGINE).is_some() {
        return engine::run();
    }
    let device = std::env::args()
        .nth(1)
        .unwrap_or_else(|| sysdemo::DEVICE.into());
    supervise::run(&device)
}
