// SPDX-License-Identifier: GPL-2.0

//! A device that the steps are taken on.

use super::arena;
use super::step::{Given, Outcome, Step};
use crate::differential::World;
use crate::differential::files::DIRECTORY;
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::fs::{OFlags, fcntl_setfl};
use std::ffi::{CStr, CString};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sysdemo::{Device, ioctl, uapi};

/// How often each call gave a value, and how often each error was what a call or a command gave.
static VALUES: [AtomicU32; uapi::SYSDEMO_NR_CALLS as usize] =
    [const { AtomicU32::new(0) }; uapi::SYSDEMO_NR_CALLS as usize];
static ERRORS: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];

/// What came out in all, for the log; panics if hardly a call ever gave a value: then it would not
/// be the calls that are compared.
pub(super) fn outcome() -> String {
    let counts = |numbers: &[AtomicU32]| -> Vec<(usize, u32)> {
        let counts = numbers.iter().map(|number| number.load(SeqCst)).enumerate();
        counts.filter(|(_, count)| *count != 0).collect()
    };
    let (values, errors) = (counts(&VALUES), counts(&ERRORS));
    assert!(
        values.len() > VALUES.len() / 2,
        "only {values:?} gave a value"
    );
    format!("values (call, times): {values:?}; errors: {errors:?}")
}

/// Notes what came out.
fn count(nr: Option<u32>, result: i64) {
    let place = if (-4095..0).contains(&result) {
        ERRORS.get(-result as usize)
    } else {
        nr.and_then(|nr| VALUES.get(nr as usize))
    };
    if let Some(place) = place {
        place.fetch_add(1, SeqCst);
    }
}

/// An open device.
pub(crate) struct Side {
    path: String,
    device: Device,
}

fn open(path: &str) -> Device {
    let device = Device::open(path).expect("the device can be opened");
    fcntl_setfl(&device, OFlags::NONBLOCK).expect("it is open");
    device
}

/// Removes all that is in a directory.
fn empty(device: &Device, path: &CStr) {
    for entry in device.list(path).expect("root may") {
        let path = [path.to_bytes(), b"/", entry.name.as_bytes()].concat();
        let path = CString::new(path).expect("names have no zeros");
        if entry.kind == DIRECTORY {
            empty(device, &path);
            device.rmdir(&path).expect("it is empty");
        } else {
            device.unlink(&path).expect("root may");
        }
    }
}

/// What the kernel gives, as one number.
fn kernels(result: i64) -> i64 {
    match result {
        -1 => -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        _ => result,
    }
}

/// Calls of the tree, whose numbers and times are each device's own.
const TREE: RangeInclusive<u32> = uapi::SYSDEMO_NR_OPEN..=uapi::SYSDEMO_NR_LIST;

/// No longer than that does a step sleep, in nanoseconds.
const SHORT: u64 = 1_000_000;

/// Whether a call would sleep for long, or for ever.
fn is_long(nr: u32, registers: &[u64; 6]) -> bool {
    let time = match nr {
        uapi::SYSDEMO_NR_SLEEP => registers[0],
        uapi::SYSDEMO_NR_WAIT if registers[2] == 0 && registers[3] == 0 => return true,
        uapi::SYSDEMO_NR_WAIT => registers[2],
        _ => return false,
    };
    let nanoseconds = arena::word(time.wrapping_add(8)).unwrap_or(0);
    (SHORT..1 << 63).contains(&nanoseconds)
}

/// Whether there is a record in the arena, from an address on, of a call that may take long, tells
/// what is its device's own, or leaves a descriptor behind.
fn is_special(address: u64, count: u64) -> bool {
    let records = (0..count.min(uapi::SYSDEMO_BATCH_MAX.into())).map_while(|index| {
        let record = address.wrapping_add(index * size_of::<uapi::sysdemo_call>() as u64);
        arena::word(record)
    });
    let special = [
        uapi::SYSDEMO_NR_SLEEP,
        uapi::SYSDEMO_NR_WAIT,
        uapi::SYSDEMO_NR_REGS,
        uapi::SYSDEMO_NR_FACTS,
    ];
    records
        .map(|word| word as u32)
        .any(|nr| special.contains(&nr) || TREE.contains(&nr))
}

impl Side {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            device: open(path),
        }
    }

    fn call(&self, nr: u32, registers: &[u64; 6], before: &[u8]) -> Outcome {
        if is_long(nr, registers) {
            return Outcome {
                result: 0,
                changed: Vec::new(),
            };
        }
        // SAFETY: The addresses are those of the arena, or of no memory of this program.
        let result = unsafe { ioctl::call(&self.device, nr, registers) };
        let result = result.unwrap_or_else(|error| -i64::from(error.raw_os_error().unwrap_or(0)));
        count(Some(nr), result);
        if nr == uapi::SYSDEMO_NR_OPEN && result >= 0 {
            // SAFETY: The descriptor was just opened, and nobody else has it.
            drop(unsafe { OwnedFd::from_raw_fd(result as i32) });
        }
        // What is not the same for two devices: numbers and times of files, and registers, in which
        // is the descriptor of the device; the time, and how often each was opened.
        let own =
            TREE.contains(&nr) || [uapi::SYSDEMO_NR_REGS, uapi::SYSDEMO_NR_FACTS].contains(&nr);
        let changed = if own {
            Vec::new()
        } else {
            arena::changed(before)
        };
        Outcome { result, changed }
    }

    fn command(&self, command: u64, at: u64, before: &[u8]) -> Outcome {
        let special = if command == ioctl::CALL.into() {
            is_special(at, 1)
        } else if command == ioctl::BATCH.into() {
            let calls = arena::word(at).unwrap_or(0);
            is_special(
                calls,
                arena::word(at.wrapping_add(8)).unwrap_or(0) as u32 as u64,
            )
        } else {
            false
        };
        if special {
            return Outcome {
                result: 0,
                changed: Vec::new(),
            };
        }
        // SAFETY: The addresses are those of the arena, or of no memory of this program.
        let result = unsafe { libc::ioctl(self.device.as_fd().as_raw_fd(), command, at) };
        let result = kernels(result.into());
        count(None, result);
        Outcome {
            result,
            changed: arena::changed(before),
        }
    }

    fn read(&self, at: u64, size: u32, before: &[u8]) -> Outcome {
        // SAFETY: The address is that of the arena, or of no memory of this program.
        let result = unsafe {
            let to = std::ptr::with_exposed_provenance_mut(at as usize);
            libc::read(self.device.as_fd().as_raw_fd(), to, size as usize)
        };
        // A record begins with its time.
        let record = size_of::<uapi::sysdemo_log_record>() as u64;
        let start = at.wrapping_sub(arena::value(Given::At(0)));
        let changed = arena::changed(before);
        let is_time = |place: usize| (place as u64).wrapping_sub(start) % record < 8;
        Outcome {
            result: kernels(result as i64),
            changed: changed
                .into_iter()
                .filter(|(place, _)| !is_time(*place))
                .collect(),
        }
    }
}

impl World for Side {
    type Step = Step;
    type Outcome = Outcome;

    fn reset(&mut self) {
        // It may be restricted, which is for good.
        self.device = open(&self.path);
        self.device.clear_label().expect("root may");
        empty(&self.device, c"/");
    }

    fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Call {
                nr,
                registers,
                words,
            } => {
                let before = arena::fill(&words.0);
                let mut values = [0; 6];
                for (value, given) in values.iter_mut().zip(&registers.0) {
                    *value = arena::value(*given);
                }
                self.call(*nr, &values, &before)
            }
            Step::Command { command, at, words } => {
                let before = arena::fill(&words.0);
                self.command(command.0, arena::value(*at), &before)
            }
            Step::Read { at, size } => {
                let before = arena::fill(&[]);
                self.read(arena::value(*at), *size, &before)
            }
        }
    }

    /// How many calls were made, and what the tree has in it.
    fn rest(&mut self) -> Outcome {
        let made = self.device.info().expect("it is open").calls_made;
        let device = open(&self.path);
        let names = device.list(c"/").expect("root may").len();
        // Others who come after do not expect such names.
        empty(&device, c"/");
        Outcome {
            result: made as i64,
            changed: vec![(names, 0)],
        }
    }
}
