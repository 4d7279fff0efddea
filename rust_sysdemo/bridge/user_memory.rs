// SPDX-License-Identifier: GPL-2.0

//! What `UserSlice` cannot ask of the caller's memory.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use super::shims;
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// Whether memory of the caller's is all zeros.
///
/// It is looked at from its start, up to the first byte that is not zero. Fails with [`EFAULT`] if
/// it is not the caller's, or if a part up to there is not there.
pub(crate) fn is_zeroed(from: UserPtr, size: usize) -> Result<bool> {
    // SAFETY: The function takes any address: it checks that it is one of user space, and handles
    // the fault if nothing is there.
    let answer = unsafe { bindings::check_zeroed_user(from.as_const_ptr(), size) };
    to_result(answer.min(0))?;
    Ok(answer != 0)
}

/// Requires that an area may be user memory, whatever is there.
///
/// Fails with [`EFAULT`] if it is the kernel's.
pub(crate) fn require_user(from: UserPtr, size: usize) -> Result {
    // SAFETY: The function takes any address; it only compares.
    if unsafe { shims::sysdemo_access_ok(from.as_const_ptr(), size) } != 0 {
        Ok(())
    } else {
        Err(EFAULT)
    }
}

/// Reads an aligned word of the caller's at once.
///
/// A copy of four bytes may be four loads, between which another thread can store: what comes of
/// it is a value that the word never had. This is one load. Fails with [`EFAULT`] if the word is
/// not there.
pub(crate) fn read_word(from: UserPtr) -> Result<u32> {
    let mut word = 0;
    // SAFETY: `word` can be written. The function takes any address: it checks that it is one of
    // user space, and handles the fault if nothing is there.
    to_result(unsafe { shims::sysdemo_get_user(&mut word, from.as_const_ptr().cast()) })?;
    Ok(word)
}
