// SPDX-License-Identifier: GPL-2.0

//! What costs nearly nothing to look at, C's `READ_ONCE()`, or to count.
//!
//! An atomic operation of the `kernel` crate is a function in C. That is too dear for what every
//! call does: to ask a question whose answer is nearly always the same, and to count itself.
//!
//! C header: [`include/asm-generic/rwonce.h`](srctree/include/asm-generic/rwonce.h)

use core::ptr;
use kernel::{
    asm,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// A flag that many look at, and that is rarely changed.
///
/// It orders nothing: who acts on it makes sure by other means that it is still so.
pub(crate) struct Flag(Atomic<bool>);

impl Flag {
    /// A flag that is not set.
    pub(crate) const fn new() -> Self {
        Self(Atomic::new(false))
    }

    /// Whether it is set.
    #[inline(always)]
    pub(crate) fn is_set(&self) -> bool {
        // SAFETY: It is a valid, aligned `bool`, of one byte: neither the compiler, as the access
        // is volatile, nor the CPU reads it by parts. All who write to it do so atomically. In the
        // kernel's memory model that makes it an atomic, relaxed load.
        unsafe { ptr::read_volatile(self.0.as_ptr()) }
    }

    /// Sets it, or not.
    pub(crate) fn set(&self, set: bool) {
        self.0.store(set, Relaxed);
    }
}

/// Bits that many look at, and that are rarely changed: by whoever has the atomic number itself.
///
/// It orders nothing, as [`Flag`].
#[inline(always)]
pub(crate) fn bits(of: &Atomic<u64>) -> u64 {
    #[cfg(CONFIG_64BIT)]
    {
        // SAFETY: It is valid and aligned, and read as a whole, as the access is volatile and a
        // register has as many bits. All who write to it do so atomically.
        unsafe { ptr::read_volatile(of.as_ptr()) }
    }
    #[cfg(not(CONFIG_64BIT))]
    of.load(Relaxed)
}

/// A number that only goes up.
pub(crate) struct Counter(Atomic<u64>);

impl Counter {
    /// A counter at 0.
    pub(crate) const fn new() -> Self {
        Self(Atomic::new(0))
    }

    /// Counts some. It orders nothing.
    #[inline(always)]
    pub(crate) fn add(&self, count: u64) {
        #[cfg(CONFIG_X86_64)]
        {
            let place = self.0.as_ptr();
            // SAFETY: Adds to a valid, aligned number, atomically: the instruction of C's
            // `atomic64_add()`.
            unsafe {
                asm!("lock addq {count}, ({place})"; count = in(reg) count, place = in(reg) place,
                    options(nostack))
            };
        }
        #[cfg(not(CONFIG_X86_64))]
        self.0.add(count, Relaxed);
    }

    /// How often that was done.
    pub(crate) fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
