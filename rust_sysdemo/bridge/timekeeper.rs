// SPDX-License-Identifier: GPL-2.0

//! The kernel's clock, for who has to know of each of its updates.
//!
//! The kernel sets its clock going anew at each tick, and whenever it is told to run faster or
//! slower. From what it then stands at, and from a counter of the processor, anybody can tell the
//! time: that is how the vDSO does it without a system call.
//!
//! C headers: [`include/linux/pvclock_gtod.h`](srctree/include/linux/pvclock_gtod.h),
//! [`include/linux/timekeeper_internal.h`](srctree/include/linux/timekeeper_internal.h)

use super::shims;
use core::mem::MaybeUninit;
use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    types::Opaque, //
};

pub(crate) use shims::sysdemo_timekeeper as Reading;

/// Who is told of the updates of the clock.
pub(crate) trait Receiver {
    /// Takes note of an update.
    ///
    /// One comes at a time, and each CPU waits for it that asks for the time: under the clock's own
    /// lock, with interrupts off. It must not ask for the time.
    fn update(&self, reading: &Reading);
}

/// A receiver that is told of the updates, for as long as this is not dropped.
///
/// # Invariants
///
/// `block` is registered, and its function is [`Self::called`].
#[pin_data(PinnedDrop)]
pub(crate) struct Updates<T: Receiver> {
    receiver: T,
    #[pin]
    block: Opaque<bindings::notifier_block>,
}

// SAFETY: The registration can be taken back by any thread.
unsafe impl<T: Receiver + Send> Send for Updates<T> {}

// SAFETY: Nothing but the receiver can be reached by a reference.
unsafe impl<T: Receiver + Sync> Sync for Updates<T> {}

// The receiver borrows nothing: who forgets a registration has ended no borrow, and is told still.
impl<T: Receiver + Sync + 'static> Updates<T> {
    /// Tells a receiver of all updates to come, and at once how the clock stands.
    pub(crate) fn of(receiver: T) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            // First: it is told before the registration is over.
            receiver,
            // INVARIANT: It is registered if the initializer succeeds.
            block <- Opaque::try_ffi_init(|slot: *mut bindings::notifier_block| {
                let block = bindings::notifier_block {
                    notifier_call: Some(Self::called),
                    ..Default::default()
                };
                // SAFETY: The initializer may write to `slot`.
                unsafe { slot.write(block) };
                // SAFETY: It was just initialized, is pinned, and is taken back before it is freed.
                to_result(unsafe { shims::pvclock_gtod_register_notifier(slot.cast()) })
            }),
        })
    }

    /// # Safety
    ///
    /// For C to call, as the function of a `block`, with the timekeeper as `data`.
    unsafe extern "C" fn called(
        block: *mut bindings::notifier_block,
        _was_set: c_ulong,
        data: *mut c_void,
    ) -> c_int {
        let mut reading = MaybeUninit::uninit();
        // SAFETY: `data` is the timekeeper, which nobody changes meanwhile; all of the structure is
        // written.
        let reading = unsafe {
            shims::sysdemo_read_timekeeper(data.cast(), reading.as_mut_ptr());
            reading.assume_init_ref()
        };
        // SAFETY: The block is that of such a value, whose receiver is there since before the
        // registration, until after it was taken back.
        let receiver = unsafe {
            let block = Opaque::cast_from(block.cast_const()).cast_mut();
            &(*container_of!(block, Self, block)).receiver
        };
        receiver.update(reading);
        // CAST: It is 0.
        bindings::NOTIFY_DONE as c_int
    }
}

impl<T: Receiver> Updates<T> {
    /// Who is told.
    pub(crate) fn receiver(&self) -> &T {
        &self.receiver
    }
}

#[pinned_drop]
impl<T: Receiver> PinnedDrop for Updates<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant it is registered. Both functions take the lock under which
        // updates are told of: none is when this returns. It fails only if there is no such block.
        unsafe { shims::pvclock_gtod_unregister_notifier(self.block.get().cast()) };
    }
}
