// SPDX-License-Identifier: GPL-2.0

//! A flag that costs nearly nothing to look at, C's `READ_ONCE()` of a `bool`.
//!
//! An atomic load of the `kernel` crate is a function in C. That is too dear for a question that
//! every call asks, and whose answer is no.
//!
//! C header: [`include/asm-generic/rwonce.h`](srctree/include/asm-generic/rwonce.h)

use core::ptr;
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
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
