// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions for what the `kernel` crate lacks, a file for each facility of the kernel.
//!
//! Nothing else in this module uses `unsafe`. Each file says which C interface it wraps and what
//! that interface asks of its callers; what it offers is safe in the context of a task, which is
//! where all of this module runs. What asks for the caller's memory, umask or registers is for
//! calls alone: to read, write and release a file may be the work of a thread of the kernel's.

pub(crate) mod arch;
pub(crate) mod capability;
pub(crate) mod clock;
pub(crate) mod cred;
pub(crate) mod file;
pub(crate) mod flag;
pub(crate) mod global;
pub(crate) mod lockdown;
pub(crate) mod misc_device;
pub(crate) mod nospec;
pub(crate) mod open_file;
mod pinned_list;
pub(crate) mod plain;
pub(crate) mod pseudo_fs;
pub(crate) mod shared_memory;
mod shims;
pub(crate) mod sleep;
pub(crate) mod sorted;
pub(crate) mod task;
pub(crate) mod time;
pub(crate) mod timekeeper;
pub(crate) mod tracepoint;
pub(crate) mod uring;
pub(crate) mod user_memory;
pub(crate) mod wait_queue;
