// SPDX-License-Identifier: GPL-2.0

//! Plain data: from zerocopy's proof to the kernel crate's promise.
//!
//! `UserSlice` can copy a value straight from and to user memory if its type promises, by an
//! `unsafe impl` of the traits in [`kernel::transmute`], that any bytes make a value, or that a
//! value is all bytes. zerocopy has traits of nearly the same names whose derives make the compiler
//! prove that. Here the one stands for the other.
//!
//! It matters: a copy of a value has a size that is known beforehand, and the kernel then leaves
//! out the check that a buffer in its memory is as large as the copy, as it does for C's
//! structures.

use core::ptr;
use kernel::transmute;
use zerocopy::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// A value of a type that zerocopy has found to be plain data.
#[repr(transparent)]
pub(crate) struct Plain<T>(pub(crate) T);

impl<T> Plain<T> {
    /// A value where it is.
    pub(crate) fn from_ref(value: &T) -> &Self {
        // SAFETY: The wrapper has the layout of what it wraps, and promises nothing more.
        unsafe { &*ptr::from_ref(value).cast() }
    }
}

// SAFETY: `zerocopy::FromBytes` means that any bytes are a value, `Immutable` that there is no
// interior mutability, and the wrapper has the layout of what it wraps.
unsafe impl<T: FromBytes + Immutable> transmute::FromBytes for Plain<T> {}

// SAFETY: `IntoBytes` means that there is no padding and nothing uninitialized, `Immutable` that
// there is no interior mutability, and the wrapper has the layout of what it wraps.
unsafe impl<T: IntoBytes + Immutable> transmute::AsBytes for Plain<T> {}
