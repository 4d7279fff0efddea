// SPDX-License-Identifier: GPL-2.0

//! A misc device with permissions of its own.
//!
//! [`MiscDeviceRegistration`] has no way to set the
//! mode of the device node, which is then 0600. This registration is the same but for that.
//!
//! C header: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h)

use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions,
        MiscDeviceRegistration, //
    },
    prelude::*,
    types::Opaque, //
};

/// A registered misc device. Dropping it takes the device away.
///
/// # Invariants
///
/// - `inner` is a `struct miscdevice` made by [`MiscDeviceOptions::into_raw`] for `T` and
///   registered with `misc_register()`.
/// - The layout is that of [`MiscDeviceRegistration`]: both are a `struct miscdevice` and nothing
///   else. The kernel crate's `open` finds one by the address of the other.
#[repr(transparent)]
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T> {
    #[pin]
    inner: Opaque<bindings::miscdevice>,
    _t: PhantomData<T>,
}

// SAFETY: `misc_deregister()` may be called on another thread than `misc_register()` was.
unsafe impl<T: MiscDevice> Send for Registration<T> {}

// SAFETY: It has no methods that take `&self`. As the [`MiscDeviceRegistration`] that tasks get to
// see in `open`, at once maybe, it only gives out the device and its address, which may be used in
// parallel.
unsafe impl<T: MiscDevice> Sync for Registration<T> {}

impl<T: MiscDevice> Registration<T> {
    /// The layouts agree, as far as a compiler can tell.
    const LAYOUT: () = {
        assert!(size_of::<Self>() == size_of::<MiscDeviceRegistration<T>>());
        assert!(align_of::<Self>() == align_of::<MiscDeviceRegistration<T>>());
    };

    /// Registers a misc device `name` whose node gets the permissions `mode`.
    ///
    /// Fails with [`EEXIST`] if there is a device of that name, [`EBUSY`] if there is no minor
    /// number left, or [`ENOMEM`].
    pub(crate) fn register(name: &'static CStr, mode: u16) -> impl PinInit<Self, Error> {
        let () = Self::LAYOUT;
        try_pin_init!(Self {
            // INVARIANT: If the initializer succeeds, the device is made by `into_raw` and
            // registered.
            inner <- Opaque::try_ffi_init(move |slot: *mut bindings::miscdevice| {
                let mut device = MiscDeviceOptions { name }.into_raw::<T>();
                device.mode = mode;

                // SAFETY: The initializer may write to `slot`.
                unsafe { slot.write(device) };

                // SAFETY: `slot` was just initialized. It is pinned, and deregistered by the
                // destructor before it is freed.
                to_result(unsafe { bindings::misc_register(slot) })
            }),
            _t: PhantomData,
        })
    }
}

#[pinned_drop]
impl<T> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The device is registered by the type invariant, and this happens once.
        unsafe { bindings::misc_deregister(self.inner.get()) };
    }
}
