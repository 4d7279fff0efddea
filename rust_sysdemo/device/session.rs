// SPDX-License-Identifier: GPL-2.0

//! An open device.

use super::ioctl;
use crate::{
    bridge::{
        global::{
            self,
            Global, //
        },
        wait_queue::WaitQueue, //
    },
    calls::Label,
    syscall::{
        Context,
        Restriction, //
    },
};
use kernel::{
    fs::File,
    miscdevice::{
        MiscDevice,
        MiscDeviceRegistration, //
    },
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex, //
    },
};

/// What one `open()` of the device holds, shared by all who have its file descriptor.
///
/// Lock order: each lock is taken alone. Under that of the label nothing is done but copy the
/// label; that of the queue is the business of [`WaitQueue`].
#[pin_data]
pub(crate) struct Session {
    /// What belongs to the whole module.
    pub(crate) global: &'static Global,
    /// How many calls came in through this open device.
    calls: Atomic<u64>,
    /// Which calls may be made through it.
    pub(crate) restriction: Restriction,
    /// A string of its users' own.
    #[pin]
    pub(crate) label: Mutex<Label>,
    /// Who waits for a word on it.
    #[pin]
    pub(crate) waiters: WaitQueue,
}

impl Session {
    /// Counts one call.
    #[inline(always)]
    pub(crate) fn count_call(&self) {
        // ORDERING: A statistic; nothing is derived from its value. It wraps around in some
        // thousand years.
        self.calls.add(1, Relaxed);
    }

    /// How many calls came in so far.
    pub(crate) fn calls_made(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}

#[vtable]
impl MiscDevice for Session {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let global = global::get()?;
        KBox::pin_init(
            pin_init!(Session {
                global,
                calls: Atomic::new(0),
                restriction: Restriction::none(),
                label <- new_mutex!(Label::EMPTY),
                waiters <- WaitQueue::new(),
            }),
            // On the account of who opens, so that a memory limit bounds how often that can be
            // done.
            GFP_KERNEL_ACCOUNT,
        )
    }

    fn ioctl(session: Pin<&Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let ctx = Context {
            session: session.get_ref(),
            file,
            compat: false,
        };
        ioctl::run(&ctx, cmd, UserPtr::from_addr(arg))
    }

    // All layouts are the same for 32-bit callers. The pointer needs no conversion on the
    // architectures whose 32-bit programs this kernel's Rust can serve: it comes zero-extended.
    #[cfg(CONFIG_COMPAT)]
    fn compat_ioctl(session: Pin<&Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let ctx = Context {
            session: session.get_ref(),
            file,
            compat: true,
        };
        ioctl::run(&ctx, cmd, UserPtr::from_addr(arg))
    }

    fn show_fdinfo(session: Pin<&Self>, m: &SeqFile, _file: &File) {
        seq_print!(m, "sysdemo-calls:\t{}\n", session.calls_made());
        seq_print!(
            m,
            "sysdemo-restricted:\t{}\n",
            u8::from(session.restriction.in_force())
        );
        seq_print!(m, "sysdemo-waiting:\t{}\n", session.waiters.waiting());
    }
}
