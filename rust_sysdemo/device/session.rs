// SPDX-License-Identifier: GPL-2.0

//! An open device.

use super::ioctl;
use crate::syscall::Context;
use kernel::{
    fs::File,
    miscdevice::{
        MiscDevice,
        MiscDeviceRegistration, //
    },
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

/// What one `open()` of the device holds, shared by all who have its file descriptor.
pub(crate) struct Session {
    /// How many calls came in through this open device, for `/proc/<pid>/fdinfo/<fd>`.
    calls: Atomic<u64>,
}

impl Session {
    /// Counts one call.
    #[inline(always)]
    pub(crate) fn count_call(&self) {
        // ORDERING: A statistic; nothing is derived from its value.
        self.calls.fetch_add(1, Relaxed);
    }
}

#[vtable]
impl MiscDevice for Session {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        let session = Session {
            calls: Atomic::new(0),
        };
        Ok(KBox::new(session, GFP_KERNEL)?)
    }

    // There is no `compat_ioctl`: all layouts are the same for 32-bit callers, so the default,
    // which only widens the pointer, is right.
    fn ioctl(session: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        ioctl::run(&Context { session }, cmd, UserPtr::from_addr(arg))
    }

    fn show_fdinfo(session: &Self, m: &SeqFile, _file: &File) {
        seq_print!(m, "sysdemo-calls:\t{}\n", session.calls.load(Relaxed));
    }
}
