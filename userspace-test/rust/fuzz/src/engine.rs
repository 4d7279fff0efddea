// SPDX-License-Identifier: GPL-2.0

//! libFuzzer, and what it runs.

use crate::abi;
use crate::arena::Arena;
use crate::door;
use crate::kcov::{Kcov, Recording};
use crate::log::Log;
use crate::partner::Partner;
use crate::program::Machine;
use crate::shared::{Number, Shared};
use crate::step::{Files, Runner};
use crate::{ENGINE, MINIMIZE, WHAT};
use std::cell::RefCell;
use std::error::Error;
use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::Arc;
use sysdemo::Device;

/// What an input is run with.
struct Target {
    machine: Machine,
    kcov: Kcov,
    log: Log,
}

thread_local! {
    /// libFuzzer runs inputs in the thread that started it, the one that is recorded.
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

unsafe extern "C" {
    /// libFuzzer's own `main`.
    fn LLVMFuzzerRunDriver(
        argc: *mut c_int,
        argv: *mut *mut *mut c_char,
        run: unsafe extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;

    /// The crate's function that hands an input to the one below.
    fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> c_int;
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    TARGET.with_borrow_mut(|target| {
        let Target { machine, kcov, log } = target.as_mut().expect("it was made at the start");
        machine.shared.start(input);
        kcov.reset();
        machine.run(input);
        kcov.collect();
        machine.shared.set(Number::Edges, kcov.edges());
        machine.shared.set(Number::Places, kcov.places());
        if let Some(report) = log.report().expect("the log can be read") {
            // The input stays marked as one that did not end.
            eprintln!("ERROR: the kernel said: {report}");
            std::process::abort();
        }
        machine.shared.finish();
    });
});

fn prepare() -> Result<Target, Box<dyn Error>> {
    let path = std::env::var_os(ENGINE).ok_or("no device is named")?;
    let calls = abi::calls(&Device::open(&path)?)?;
    if calls.is_empty() {
        return Err("the table is empty".into());
    }
    let arena = Arena::map()?;
    let shared = Shared::map()?;
    let device = Arc::new(CString::new(path.into_vec())?);
    let files = Arc::new(Files::new());
    let runner = |number| Runner::new(Arc::clone(&device), Arc::clone(&files), number);
    let kcov = |error| format!("/sys/kernel/debug/kcov: {error}");
    // Where there is one CPU, the threads take turns.
    let _ = door::stay_on_cpu(0);
    // What sleeps is woken: this thread, and the other one as it starts.
    door::interrupt_often()?;
    let ours = Recording::start().map_err(|error| kcov(error.into()))?;
    let (partner, theirs) = Partner::start(runner(1)?).map_err(kcov)?;
    // A small corpus is one of the edges alone, and of what has succeeded.
    let counts = std::env::var(WHAT).as_deref() != Ok(MINIMIZE);
    Ok(Target {
        machine: Machine {
            runner: runner(0)?,
            calls,
            arena,
            shared,
            partner,
            first_file: None,
        },
        kcov: Kcov::new(vec![ours, theirs], counts),
        log: Log::open()?,
    })
}

/// Runs libFuzzer with this process's arguments.
pub(crate) fn run() -> ExitCode {
    match prepare() {
        Ok(target) => TARGET.set(Some(target)),
        Err(error) => {
            eprintln!("ERROR: {error}");
            return ExitCode::FAILURE;
        }
    }
    let arguments: Vec<CString> = std::env::args_os()
        .map(|argument| CString::new(argument.into_vec()).expect("arguments have no zero byte"))
        .collect();
    let mut pointers: Vec<*mut c_char> = arguments
        .iter()
        .map(|argument| argument.as_ptr().cast_mut())
        .collect();
    pointers.push(std::ptr::null_mut());
    let mut argc = arguments.len() as c_int;
    let mut argv = pointers.as_mut_ptr();
    // SAFETY: These are arguments as `main` gets them, which outlive the call.
    let status = unsafe { LLVMFuzzerRunDriver(&mut argc, &mut argv, LLVMFuzzerTestOneInput) };
    ExitCode::from(status as u8)
}
