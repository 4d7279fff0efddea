// SPDX-License-Identifier: GPL-2.0

//! An open device.

use super::{
    ioctl,
    log::{
        self,
        Log, //
    },
    mapping,
    shared_ring::SharedRing,
    uring,
    vvar::Opening, //
};
use crate::{
    bridge::{
        file::{
            self,
            Events, //
        },
        flag::Counter,
        global::{
            self,
            Global,
            Shared, //
        },
        misc_device::Operations,
        pseudo_fs::Mounted,
        uring::{
            Outcome,
            Request, //
        },
        wait_queue::WaitQueue, //
    },
    calls::Label,
    fs::Tree,
    syscall::{
        Context,
        Restriction, //
    },
};
use core::mem::size_of;
use kernel::{
    fs::{
        File,
        Kiocb, //
    },
    iov::IovIterDest,
    miscdevice::{
        MiscDevice,
        MiscDeviceRegistration, //
    },
    mm::virt::VmaNew,
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::{
        poll::PollTable,
        Arc,
        Mutex,
        SetOnce, //
    },
};

/// The most memory that an open device takes, whatever is done with it, but for the rings that are
/// asked for (see [`SharedRing`]), and those who wait on it: they take theirs on their own account
/// (see [`WaitQueue`]).
const MEMORY_MAX: usize = 8192;

/// What one `open()` of the device holds, shared by all who have its file descriptor.
///
/// Lock order: each lock is taken alone. Under that of the label nothing is done but copy the
/// label; that of the queue is the business of [`WaitQueue`], and those of the log are its own.
#[pin_data]
pub(crate) struct Session {
    /// What belongs to the whole module.
    pub(crate) global: &'static Global,
    /// How many calls came in through this open device.
    calls: Counter,
    /// Which calls may be made through it.
    pub(crate) restriction: Restriction,
    /// A string of its users' own.
    #[pin]
    pub(crate) label: Mutex<Label>,
    /// Who waits for a word on it.
    #[pin]
    pub(crate) waiters: WaitQueue,
    /// The calls that came in, for who reads them.
    #[pin]
    pub(crate) log: Log,
    /// The tree that calls with a path work on.
    pub(crate) tree: Arc<Tree>,
    /// Once a file was opened through this open device: to mount takes longer than to open.
    mounted: SetOnce<Mounted>,
    /// The rings, once they were asked for.
    pub(super) ring: SetOnce<Pin<KBox<SharedRing>>>,
    /// Counts this one, and has what is counted.
    pub(crate) opening: Opening,
}

impl Session {
    /// Counts calls.
    #[inline(always)]
    pub(crate) fn count_calls(&self, count: u64) {
        // ORDERING: A statistic; nothing is derived from its value. It wraps around in some
        // thousand years.
        self.calls.add(count);
    }

    /// Mounts what files are on, for one that is to be opened.
    ///
    /// Fails as [`Mounted::new`] does.
    pub(crate) fn mount(&self) -> Result<Mounted> {
        if self.mounted.as_ref().is_none() {
            self.mounted.populate(Mounted::new()?);
        }
        Mounted::new()
    }

    /// How many calls came in so far.
    pub(crate) fn calls_made(&self) -> u64 {
        self.calls.value()
    }
}

#[vtable]
impl MiscDevice for Session {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        const {
            // The allocator gives powers of two, or less.
            assert!(size_of::<Session>().next_power_of_two() + log::MEMORY_MAX <= MEMORY_MAX);
        }
        let global = global::get()?;
        let Shared { tree, vvar } = global.shared()?;
        KBox::try_pin_init(
            try_pin_init!(Session {
                global,
                calls: Counter::new(),
                restriction: Restriction::none(),
                label <- new_mutex!(Label::EMPTY),
                waiters <- WaitQueue::new(),
                log <- Log::new(),
                tree,
                mounted: SetOnce::new(),
                ring: SetOnce::new(),
                opening: Opening::new(vvar),
            }? Error),
            // On the account of who opens, so that a memory limit bounds how often that can be
            // done.
            GFP_KERNEL_ACCOUNT,
        )
    }

    fn ioctl(session: Pin<&Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let mut ctx = Context::new(session.get_ref(), file, false);
        ioctl::run(&mut ctx, cmd, UserPtr::from_addr(arg))
    }

    // All layouts are the same for 32-bit callers. The pointer needs no conversion on the
    // architectures whose 32-bit programs this kernel's Rust can serve: it comes zero-extended.
    #[cfg(CONFIG_COMPAT)]
    fn compat_ioctl(session: Pin<&Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let mut ctx = Context::new(session.get_ref(), file, true);
        ioctl::run(&mut ctx, cmd, UserPtr::from_addr(arg))
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, to: &mut IovIterDest<'_>) -> Result<usize> {
        let session = kiocb.file().get_ref();
        session.log.read(to, file::may_wait(&kiocb))
    }

    fn mmap(session: Pin<&Self>, _file: &File, vma: &VmaNew) -> Result {
        mapping::map(session.get_ref(), vma)
    }

    fn show_fdinfo(session: Pin<&Self>, m: &SeqFile, _file: &File) {
        seq_print!(m, "sysdemo-calls:\t{}\n", session.calls_made());
        seq_print!(
            m,
            "sysdemo-restricted:\t{}\n",
            u8::from(session.restriction.in_force())
        );
        seq_print!(m, "sysdemo-waiting:\t{}\n", session.waiters.waiting());
        session.log.show(m);
    }
}

impl Operations for Session {
    fn poll(session: Pin<&Self>, file: &File, table: PollTable<'_>) -> Events {
        session.get_ref().log.poll(file, &table)
    }

    fn uring_cmd(session: Pin<&Self>, file: &File, request: &Request) -> Outcome {
        let mut ctx = Context::new(session.get_ref(), file, request.is_compat());
        uring::run(&mut ctx, request)
    }
}
