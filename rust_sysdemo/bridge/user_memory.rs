// SPDX-License-Identifier: GPL-2.0

//! What `UserSlice` cannot ask of the caller's memory.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

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
