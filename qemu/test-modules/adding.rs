// SPDX-License-Identifier: GPL-2.0

//! Adds to a number in Rust, in a way that is a data race if two threads do so, and in one that
//! is none.

use kernel::ffi::c_ulong;

/// Adds one by plain accesses.
///
/// # Safety
///
/// `number` is valid for reads and writes, and nobody else uses it: this is what the test breaks.
#[no_mangle]
pub unsafe extern "C" fn plain_in_rust(number: *mut c_ulong) {
    // SAFETY: As for this function.
    unsafe { *number = (*number).wrapping_add(1) };
}

/// Adds one by accesses that the kernel's memory model calls marked, as by `READ_ONCE()`.
///
/// # Safety
///
/// `number` is valid for reads and writes.
#[no_mangle]
pub unsafe extern "C" fn marked_in_rust(number: *mut c_ulong) {
    // SAFETY: As for this function.
    unsafe { number.write_volatile(number.read_volatile().wrapping_add(1)) };
}
