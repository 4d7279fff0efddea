// SPDX-License-Identifier: GPL-2.0

//! Facts in a page that programs map and read without a call, as they read the vDSO's variables.
//!
//! There is one page for all, as there is one for all in the kernel. Who reads it takes no lock:
//! what changes together has a number that tells whether it was read as a whole. So who writes
//! never waits for who reads, which matters here: the clock is written under the kernel's own lock
//! for that, with interrupts off.
//!
//! Lock order: the lock of the counters is taken alone.

use crate::{
    bridge::{
        shared_memory::SharedMemory,
        time::Monotonic,
        timekeeper::{
            Reading,
            Receiver,
            Updates, //
        },
    },
    syscall::Restriction,
    uapi::{
        self,
        sysdemo_clock,
        sysdemo_counters,
        sysdemo_vvar, //
    },
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::{
    mm::virt::VmaNew,
    new_spinlock,
    prelude::*,
    sync::{
        Arc,
        SpinLock, //
    },
};

/// The page.
struct Page(SharedMemory);

impl Receiver for Page {
    fn update(&self, reading: &Reading) {
        let mode = if reading.is_tsc != 0 {
            uapi::SYSDEMO_CLOCK_TSC
        } else {
            uapi::SYSDEMO_CLOCK_NONE
        };
        const CLOCK: usize = offset_of!(sysdemo_vvar, clock);
        self.0.publish::<CLOCK, _>(&sysdemo_clock {
            seq: 0,
            mode,
            coarse: reading.coarse,
            base: reading.base,
            rest: reading.rest,
            cycles: reading.cycles,
            cycles_max: reading.cycles_max,
            mult: reading.mult,
            shift: reading.shift,
        });
    }
}

/// How often the device was opened and closed.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) opened: u64,
    pub(crate) closed: u64,
}

/// The facts, and the page that they are in.
#[pin_data]
pub(crate) struct Vvar {
    #[pin]
    clock: Updates<Page>,
    /// What the counters in the page are made from: that is never read here.
    #[pin]
    counts: SpinLock<Counts>,
}

impl Vvar {
    /// Makes the page.
    ///
    /// Fails with [`ENOMEM`].
    pub(crate) fn new() -> Result<Arc<Self>> {
        let memory = SharedMemory::new(size_of::<sysdemo_vvar>(), GFP_KERNEL)?;
        memory.put::<0, _>(&[
            uapi::SYSDEMO_VVAR_VERSION,
            // CAST: Less than a page.
            size_of::<sysdemo_vvar>() as u32,
        ]);
        Arc::pin_init(
            try_pin_init!(Self {
                clock <- Updates::of(Page(memory)),
                counts <- new_spinlock!(Counts { opened: 0, closed: 0 }),
            }),
            GFP_KERNEL,
        )
    }

    /// Changes the counts, and with them the page.
    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock();
        change(&mut counts);
        // Under the lock: the order of times is that of changes.
        let changed = Monotonic::coarse().as_nanos();
        const COUNTERS: usize = offset_of!(sysdemo_vvar, counters);
        self.clock
            .receiver()
            .0
            .publish::<COUNTERS, _>(&sysdemo_counters {
                seq: 0,
                pad: 0,
                opened: counts.opened,
                closed: counts.closed,
                changed,
            });
    }

    /// Gives the counts.
    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock()
    }

    /// Maps the page.
    ///
    /// Fails with [`EPERM`] if the open device may not ask for what is in it, [`EOPNOTSUPP`] if the
    /// clock in it is not the caller's, and as [`SharedMemory::map`].
    pub(super) fn map(&self, restriction: &Restriction, vma: &VmaNew) -> Result {
        if !restriction.allows_call(uapi::SYSDEMO_NR_FACTS) {
            return Err(EPERM);
        }
        if !Monotonic::is_clock_of_current() {
            return Err(EOPNOTSUPP);
        }
        self.clock.receiver().0.map(vma, false)
    }
}

/// An open device, to the counters.
pub(crate) struct Opening(Arc<Vvar>);

impl Opening {
    /// The device is opened.
    pub(super) fn new(vvar: Arc<Vvar>) -> Self {
        vvar.count(|counts| counts.opened = counts.opened.wrapping_add(1));
        Self(vvar)
    }

    /// The facts.
    pub(crate) fn vvar(&self) -> &Vvar {
        &self.0
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0
            .count(|counts| counts.closed = counts.closed.wrapping_add(1));
    }
}
