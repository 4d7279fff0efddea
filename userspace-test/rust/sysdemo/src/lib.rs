// SPDX-License-Identifier: GPL-2.0

//! Safe calls on `/dev/sysdemo`, system calls in small.
//!
//! ```no_run
//! let device = sysdemo::Device::open(sysdemo::DEVICE)?;
//! assert_eq!(device.getpid()?, std::process::id() as i32);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`Device`] has a method for each call and each command. All that is `unsafe` is in [`ioctl`]: a
//! call hands the kernel addresses of this program's memory, and it is there that each of them is
//! one; and in what reads memory that the kernel shares with programs.

#![deny(unsafe_code)]

mod device;
mod entry;
#[allow(unsafe_code)]
pub mod ioctl;
#[allow(unsafe_code)]
mod rings;
pub mod uapi;
#[allow(unsafe_code)]
mod vvar;

pub use device::{BatchOutcome, Description, Device, Label};
pub use entry::Entry;
pub use rings::Rings;
pub use vvar::Vvar;

/// Where the device is found once the module is loaded.
pub const DEVICE: &str = "/dev/sysdemo";
