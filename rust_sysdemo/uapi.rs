// SPDX-License-Identifier: GPL-2.0

//! The ABI, as bindgen reads it from `uapi/linux/sysdemo.h`.
//!
//! Every structure derives [`FromBytes`] and [`IntoBytes`]: any bytes from user space are a value
//! of it, and, checked by the compiler, it has no padding that could carry kernel memory out.

#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub
)]

use kernel::prelude::{
    FromBytes,
    IntoBytes, //
};
use zerocopy_derive::Immutable;

include!(env!("SYSDEMO_UAPI"));
