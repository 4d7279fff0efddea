// SPDX-License-Identifier: GPL-2.0

//! The page in which the module tells facts, read without a call.
//!
//! The module writes it at any time. So nothing in here makes a reference to what it writes: each
//! field is read by a volatile access, and what belongs together counts only if the number that
//! goes with it has not changed meanwhile.

use crate::uapi::{self, sysdemo_clock, sysdemo_counters, sysdemo_vvar};
use rustix::fd::AsFd;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::{AtomicU32, fence};

/// The page, mapped. It can be read as long as this is there, whatever becomes of the device.
#[derive(Debug)]
pub struct Vvar {
    page: NonNull<sysdemo_vvar>,
}

// SAFETY: The page is the module's, and only read here: any thread may do that.
unsafe impl Send for Vvar {}

// SAFETY: As above; several at once as well.
unsafe impl Sync for Vvar {}

/// How much is mapped.
fn page_size() -> usize {
    rustix::param::page_size()
}

/// The processor's counter, after all that comes before.
#[cfg(target_arch = "x86_64")]
fn counter() -> u64 {
    use std::arch::x86_64::{_mm_lfence, _rdtsc};
    // SAFETY: Every such processor has these instructions. A program for which the kernel forbids
    // them gets a signal, as in the vDSO.
    unsafe {
        _mm_lfence();
        _rdtsc()
    }
}

/// The processor's counter: none that is known.
#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

/// Reads a field of the page.
macro_rules! read {
    ($field:expr) => {
        // SAFETY: The page is mapped, and its fields are aligned integers. The module may write it
        // at the same time; then the number that goes with it changes.
        unsafe { ptr::read_volatile(&raw const $field) }
    };
}

impl Vvar {
    /// Maps the page of a device.
    pub(crate) fn map(device: impl AsFd) -> io::Result<Self> {
        // SAFETY: A new mapping, where there is none.
        let page = unsafe {
            mmap(
                ptr::null_mut(),
                page_size(),
                ProtFlags::READ,
                MapFlags::SHARED,
                device,
                uapi::SYSDEMO_MMAP_VVAR.into(),
            )
        }?;
        let page = NonNull::new(page.cast()).ok_or(io::ErrorKind::Unsupported)?;
        Ok(Self { page })
    }

    /// Reads a structure as a whole: again and again until the number that goes with it was even
    /// and the same before and after.
    fn whole<T>(&self, seq: *const u32, read: impl Fn() -> T) -> T {
        // SAFETY: The number is one of the page, and the module writes it as a whole.
        let seq = unsafe { AtomicU32::from_ptr(seq.cast_mut()) };
        loop {
            let before = seq.load(Acquire);
            if before & 1 != 0 {
                std::hint::spin_loop();
                continue;
            }
            let value = read();
            fence(Acquire);
            if seq.load(Relaxed) == before {
                return value;
            }
        }
    }

    /// `CLOCK_MONOTONIC` in nanoseconds; [`None`] if it takes a call to know it, because the kernel
    /// does not take its time from a counter that programs can read.
    pub fn time(&self) -> Option<u64> {
        let page = self.page.as_ptr();
        // SAFETY: A field of the page.
        let seq = unsafe { &raw const (*page).clock.seq };
        self.whole(seq, || {
            if read!((*page).clock.mode) != uapi::SYSDEMO_CLOCK_TSC {
                return None;
            }
            let mut past = counter().wrapping_sub(read!((*page).clock.cycles));
            if past > read!((*page).clock.cycles_max) {
                if past as i64 >= 0 {
                    return None;
                }
                past = 0;
            }
            // What is of two updates may be anything, and is not kept.
            let passed = past
                .wrapping_mul(read!((*page).clock.mult).into())
                .wrapping_add(read!((*page).clock.rest))
                .wrapping_shr(read!((*page).clock.shift));
            Some(read!((*page).clock.base).wrapping_add(passed))
        })
    }

    /// `CLOCK_MONOTONIC_COARSE` in nanoseconds.
    pub fn coarse(&self) -> u64 {
        let page = self.page.as_ptr();
        // SAFETY: A field of the page.
        let seq = unsafe { &raw const (*page).clock.seq };
        self.whole(seq, || read!((*page).clock.coarse))
    }

    /// What the time is made from, of one and the same update.
    pub fn clock(&self) -> sysdemo_clock {
        let page = self.page.as_ptr();
        // SAFETY: A field of the page.
        let seq = unsafe { &raw const (*page).clock.seq };
        self.whole(seq, || read!((*page).clock))
    }

    /// How often the device was opened and closed, of one and the same update.
    pub fn counters(&self) -> sysdemo_counters {
        let page = self.page.as_ptr();
        // SAFETY: A field of the page.
        let seq = unsafe { &raw const (*page).counters.seq };
        self.whole(seq, || read!((*page).counters))
    }

    /// Version and size of what is in the page.
    pub fn version(&self) -> (u32, u32) {
        let page = self.page.as_ptr();
        (read!((*page).version), read!((*page).size))
    }
}

impl Drop for Vvar {
    fn drop(&mut self) {
        // SAFETY: What was mapped, and nobody reads any more. It cannot fail.
        let _ = unsafe { munmap(self.page.as_ptr().cast(), page_size()) };
    }
}
