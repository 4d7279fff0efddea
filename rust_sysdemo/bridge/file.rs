// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate's `File` and `Kiocb` do not tell, and its `MiscDevice` does not do.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h),
//! [`include/linux/poll.h`](srctree/include/linux/poll.h)

use super::shims;
use core::ops::BitOr;
use kernel::{
    bindings,
    fs::Kiocb,
    types::ForeignOwnable, //
};

/// Whether a read may wait: neither the open file (`O_NONBLOCK`) nor who asks forbids it.
///
/// The second is `RWF_NOWAIT`, and how io_uring asks at first.
pub(crate) fn may_wait<T: ForeignOwnable>(kiocb: &Kiocb<'_, T>) -> bool {
    // SAFETY: By its type invariant this is a valid `struct kiocb`, which has a file.
    unsafe { shims::sysdemo_kiocb_may_wait(kiocb.as_raw().cast()) != 0 }
}

/// What `poll` answers: which operations would not have to wait.
#[derive(Clone, Copy)]
pub(crate) struct Events(bindings::__poll_t);

impl Events {
    /// Nothing yet.
    pub(crate) const NONE: Self = Self(0);
    /// There is something to read.
    pub(crate) const READABLE: Self = Self(bindings::POLLIN | bindings::POLLRDNORM);
    /// Nothing is added any more, as things are: what is there can still be read.
    pub(crate) const HUNG_UP: Self = Self(bindings::POLLHUP);

    /// The answer as C has it.
    pub(super) fn into_raw(self) -> bindings::__poll_t {
        self.0
    }
}

impl BitOr for Events {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
