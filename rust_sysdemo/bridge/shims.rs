// SPDX-License-Identifier: GPL-2.0

//! The module's functions in C, as bindgen reads them from `bridge/shims.h`.

#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    missing_docs,
    non_camel_case_types,
    unreachable_pub
)]

include!(env!("SYSDEMO_SHIMS"));
