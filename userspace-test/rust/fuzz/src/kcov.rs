// SPDX-License-Identifier: GPL-2.0

//! What of the kernel's code was run (`Documentation/dev-tools/kcov.rst`), as libFuzzer wants it.
//!
//! In the kernel that this is for, the module alone is instrumented: recording need not be
//! switched on and off round each call, as whatever else this thread asks the kernel for leaves no
//! trace.

use crate::shared::CALLS_MAX;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// How many places in the code can be recorded for an input; the rest is lost.
const WORDS: usize = 1 << 16;

/// How many edges are told apart: some times more than the module has.
const EDGES: usize = 1 << 15;

/// The counters, in the section that libFuzzer looks at after each input and then clears.
#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static COUNTERS: [AtomicU8; EDGES] = [const { AtomicU8::new(0) }; EDGES];

/// More of them: what else is worth an input, each with a number of its own.
#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static SUCCESSES: [AtomicU8; CALLS_MAX] = [const { AtomicU8::new(0) }; CALLS_MAX];

/// Tells libFuzzer that something has succeeded: an input in which it does is kept, however small
/// the corpus is to be.
pub(crate) fn succeeded(number: usize) {
    SUCCESSES[number].store(1, Relaxed);
}

/// `KCOV_INIT_TRACE` and `KCOV_ENABLE`, and the mode that records places.
const INIT_TRACE: libc::Ioctl = 0x8008_6301;
const ENABLE: libc::Ioctl = 0x6364;
const TRACE_PC: libc::c_ulong = 0;

/// The recording of a thread.
pub(crate) struct Recording {
    /// How many places were recorded, and those.
    buffer: &'static [AtomicU64],
    /// Recording ends when this is closed.
    _file: File,
}

/// What was recorded, of all threads.
pub(crate) struct Kcov {
    recordings: Vec<Recording>,
    /// Whether it matters how often an edge was taken.
    counts: bool,
    seen: Vec<bool>,
    places: HashSet<u64>,
    edges: u64,
}

impl Recording {
    /// Records what this thread does in the kernel from now on.
    pub(crate) fn start() -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .open("/sys/kernel/debug/kcov")?;
        let check = |status: libc::c_int| match status {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        };
        // SAFETY: The command takes a number.
        check(unsafe { libc::ioctl(file.as_raw_fd(), INIT_TRACE, WORDS as libc::c_ulong) })?;
        // SAFETY: This makes a new mapping.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                WORDS * 8,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: It is mapped, page-aligned, that large, and never unmapped. The kernel writes to
        // it as this thread's calls go, which atomic words may be.
        let buffer = unsafe { slice::from_raw_parts(memory.cast::<AtomicU64>(), WORDS) };
        // SAFETY: The command takes a number.
        check(unsafe { libc::ioctl(file.as_raw_fd(), ENABLE, TRACE_PC) })?;
        Ok(Self {
            buffer,
            _file: file,
        })
    }

    /// The places that were recorded, in order.
    fn places(&self) -> &'static [AtomicU64] {
        let count = (self.buffer[0].load(Relaxed) as usize).min(WORDS - 1);
        &self.buffer[1..=count]
    }
}

impl Kcov {
    /// Unless it `counts`, inputs that take an edge once and many times are alike to libFuzzer.
    pub(crate) fn new(recordings: Vec<Recording>, counts: bool) -> Self {
        Self {
            recordings,
            counts,
            seen: vec![false; EDGES],
            places: HashSet::new(),
            edges: 0,
        }
    }

    /// Forgets what was recorded so far. No thread is in the kernel's recorded code.
    pub(crate) fn reset(&self) {
        for recording in &self.recordings {
            recording.buffer[0].store(0, Relaxed);
        }
    }

    /// Tells libFuzzer which edges were taken since then.
    pub(crate) fn collect(&mut self) {
        for number in 0..self.recordings.len() {
            let places = self.recordings[number].places();
            self.collect_from(places);
        }
    }

    /// An edge leads from each place to the next one of the same thread.
    fn collect_from(&mut self, places: &[AtomicU64]) {
        let mut last = 0;
        for place in places {
            let place = place.load(Relaxed);
            // Multiplied, so that neighbouring places do not fall together.
            let hash = (last ^ place.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let edge = (hash >> (64 - EDGES.ilog2())) as usize;
            let counter = &COUNTERS[edge];
            let times = if self.counts {
                counter.load(Relaxed)
            } else {
                0
            };
            counter.store(times.saturating_add(1), Relaxed);
            if !self.seen[edge] {
                self.seen[edge] = true;
                self.edges += 1;
                self.places.insert(place);
            }
            last = place;
        }
    }

    /// How many edges were seen in all.
    pub(crate) fn edges(&self) -> u64 {
        self.edges
    }

    /// How many places were seen in all.
    pub(crate) fn places(&self) -> u64 {
        self.places.len() as u64
    }
}
