// SPDX-License-Identifier: GPL-2.0

//! Adds to a number in Rust, in a way that is a data race if two threads do so, in one that is
//! none, and in one that goes beyond what the number can hold.

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

/// Adds more than there is room for, which kills who does it in a kernel that checks arithmetic.
///
/// # Safety
///
/// `number` is valid for reads and writes, and nobody else uses it.
#[no_mangle]
pub unsafe extern "C" fn overflow_in_rust(number: *mut c_ulong) {
    // SAFETY: As for this function.
    unsafe { *number = c_ulong::MAX };
    // SAFETY: As for this function.
    unsafe { *number += number.read_volatile() };
}
