// SPDX-License-Identifier: GPL-2.0

//! Tests of the device through the Rust library: `tester [DEVICE] [--seed N] [--times N]`. Prints
//! KTAP.
//!
//! With `--against DEVICE` it compares the two devices, and does nothing else: in what is printed
//! the other one stands for the kernel.
//!
//! With `--replay FILE` it takes the steps of a script again, which a difference between module and
//! kernel was printed as. Other seeds have other cases; `--times` as many of them.

mod calls;
mod differential;
mod ktap;
mod pointers;
mod properties;
mod rings;
mod sizes;
mod tree;
mod uring;
mod vvar;

use std::process::ExitCode;

/// What is asked for.
struct Arguments {
    device: String,
    options: differential::Options,
    against: Option<String>,
    script: Option<String>,
}

/// Reads a number, decimal or hexadecimal.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Reads the command line. None if it makes no sense.
fn arguments(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut found = Arguments {
        device: sysdemo::DEVICE.into(),
        options: differential::Options::default(),
        against: None,
        script: None,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => found.options.seed = number(&words.next()?)?,
            "--times" => found.options.times = number(&words.next()?)?.try_into().ok()?,
            "--against" => found.against = Some(words.next()?),
            "--replay" => found.script = Some(words.next()?),
            _ if word.starts_with('-') => return None,
            _ => found.device = word,
        }
    }
    Some(found)
}

/// Takes the steps of a script again.
fn replay(device: &str, against: Option<String>, script: &str) -> Result<bool, String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("{script}: {error}"))?;
    differential::replay(device, &against.into(), &text)
}

fn main() -> ExitCode {
    let Some(Arguments {
        device,
        options,
        against,
        script,
    }) = arguments(std::env::args().skip(1))
    else {
        eprintln!(
            "usage: tester [DEVICE] [--against DEVICE] [--seed N] [--times N] [--replay FILE]"
        );
        return ExitCode::from(2);
    };
    if let Some(script) = script {
        return match replay(&device, against, &script) {
            Ok(same) => ExitCode::from(u8::from(!same)),
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(2)
            }
        };
    }
    let mut tests = ktap::Tests::new(device);
    if against.is_some() {
        differential::add(&mut tests, options, against.into());
        return tests.run();
    }
    calls::add(&mut tests);
    pointers::add(&mut tests);
    sizes::add(&mut tests);
    tree::add(&mut tests);
    vvar::add(&mut tests);
    rings::add(&mut tests);
    uring::add(&mut tests);
    properties::add(&mut tests);
    differential::add(&mut tests, options, differential::Rival::Kernel);
    tests.run()
}
