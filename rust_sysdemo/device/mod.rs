// SPDX-License-Identifier: GPL-2.0

//! The doors: what user space sees of the module.

#![deny(unsafe_code)]

mod batch;
mod describe;
mod ioctl;
mod log;
mod mapping;
mod record;
mod ring;
mod session;
mod shared_ring;
mod uring;
mod vvar;

pub(crate) use session::Session;
pub(crate) use vvar::Vvar;

/// Permissions of `/dev/sysdemo`: everybody may read and write.
///
/// System calls are for every process, so this device is too. What a caller may do is decided
/// call by call, from its credentials, and never by who could open the device.
pub(crate) const NODE_MODE: u16 = 0o666;
