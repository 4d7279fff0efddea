// SPDX-License-Identifier: GPL-2.0

//! The ABI, as bindgen reads it from `uapi/linux/sysdemo.h`, which has the documentation.

#![allow(clippy::all, missing_docs, non_camel_case_types, unreachable_pub)]

include!(concat!(env!("OUT_DIR"), "/uapi.rs"));
