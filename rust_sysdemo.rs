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
//! - [`fs`]: a tree of files in memory, for the services that open and read them.
//! - [`bridge`]: safe abstractions for what the `kernel` crate lacks; the only `unsafe` is there.
//! - [`uapi`]: the ABI, made from `uapi/linux/sysdemo.h`.

#[path = "rust_sysdemo/bridge/mod.rs"]
mod bridge;
#[path = "rust_sysdemo/calls/mod.rs"]
mod calls;
#[path = "rust_sysdemo/device/mod.rs"]
mod device;
#[path = "rust_sysdemo/fs/mod.rs"]
mod fs;
#[path = "rust_sysdemo/syscall/mod.rs"]
mod syscall;
#[path = "rust_sysdemo/uapi.rs"]
mod uapi;

use bridge::{
    global::Shared,
    misc_device::Registration, //
};
use device::{
    Session,
    Vvar, //
};
use fs::{
    Limits,
    Tree, //
};
use kernel::prelude::*;

module! {
    type: Sysdemo,
    name: "sysdemo",
    authors: ["The rust_sysdemo developers"],
    description: "System calls in small: a misc device that shows how one works",
    license: "GPL",
    params: {
        tree_bytes: u64 {
            default: 16777216,
            description: "Bytes that all files of the tree may have in memory",
        },
        tree_nodes: u64 {
            default: 16384,
            description: "Files and directories that there may be in the tree",
        },
        user_bytes: u64 {
            default: 8388608,
            description: "Bytes that the files of one user may have in memory",
        },
        user_nodes: u64 {
            default: 8192,
            description: "Files and directories that one user may have in the tree",
        },
        file_bytes: u64 {
            default: 4194304,
            description: "Largest size of a file of the tree, at most 1 GiB",
        },
    },
}

/// The loaded module: the device and, outliving it, what open devices share.
#[pin_data]
struct Sysdemo {
    #[pin]
    _device: Registration<Session>,
    _shared: bridge::global::Planted,
}

/// What the module's parameters allow.
fn limits() -> Limits {
    Limits::new(
        module_parameters::tree_bytes.value(),
        module_parameters::tree_nodes.value(),
        module_parameters::user_bytes.value(),
        module_parameters::user_nodes.value(),
        module_parameters::file_bytes.value(),
    )
}

impl kernel::InPlaceModule for Sysdemo {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _: { bridge::global::init()? },
            _shared: bridge::global::get()?.plant(Shared {
                tree: Tree::new(limits())?,
                vvar: Vvar::new()?,
            }),
            _device <- Registration::register(c"sysdemo", device::NODE_MODE),
        })
    }
}
