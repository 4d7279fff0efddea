// SPDX-License-Identifier: GPL-2.0

//! System calls in small, in a module.
//!
//! `/dev/sysdemo` takes a call number and six registers and treats them as the kernel treats those
//! of a real system call: it looks the number up in a read-only table, turns the registers into
//! the types that the call declares, runs it, and gives back a value or a negative error number.
//!
//! The rooms, in the order in which a call passes through them:
//!
//! - [`device`]: the doors. What user space opens, and the ways a call comes in.
//! - [`syscall`]: the mechanism. One `dispatch`, one table, one macro that defines a call.
//! - [`calls`]: the services, a file each.
//! - [`bridge`]: safe abstractions for what the `kernel` crate lacks; the only `unsafe` is there.
//! - [`uapi`]: the ABI, made from `uapi/linux/sysdemo.h`.

#[path = "rust_sysdemo/bridge/mod.rs"]
mod bridge;
#[path = "rust_sysdemo/calls/mod.rs"]
mod calls;
#[path = "rust_sysdemo/device/mod.rs"]
mod device;
#[path = "rust_sysdemo/syscall/mod.rs"]
mod syscall;
#[path = "rust_sysdemo/uapi.rs"]
mod uapi;

use bridge::misc_device::Registration;
use device::Session;
use kernel::prelude::*;

module! {
    type: Sysdemo,
    name: "sysdemo",
    authors: ["The rust_sysdemo developers"],
    description: "System calls in small: a misc device that shows how one works",
    license: "GPL",
}

/// The loaded module: the device, for as long as it lives.
#[pin_data]
struct Sysdemo {
    #[pin]
    _device: Registration<Session>,
}

impl kernel::InPlaceModule for Sysdemo {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _: { bridge::global::init()? },
            _device <- Registration::register(c"sysdemo", device::NODE_MODE),
        })
    }
}
