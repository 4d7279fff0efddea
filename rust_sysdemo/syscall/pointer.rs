// SPDX-License-Identifier: GPL-2.0

//! Pointers of the caller's, with a type and a direction.
//!
//! Such a pointer is only a number until it is used. To use it is to say how many bytes there are;
//! what comes back is a [`UserSlice`]'s reader or writer, which cannot go beyond them, touches each
//! byte once, and fails with [`EFAULT`] where the caller has no memory.

use super::Argument;
use core::marker::PhantomData;
use kernel::{
    prelude::*,
    uaccess::{
        UserSlice,
        UserSliceReader,
        UserSliceWriter, //
    },
};

/// A type that a call can take a pointer to, under the names that C has for such pointers.
pub(crate) trait Pointee {
    /// Name of a pointer to memory that the call reads.
    const IN: &'static str;
    /// Name of a pointer to memory that the call writes.
    const OUT: &'static str;
}

macro_rules! impl_pointee {
    ($($ty:ty => $name:literal,)*) => {$(
        impl Pointee for $ty {
            const IN: &'static str = concat!("const ", $name, " *");
            const OUT: &'static str = concat!($name, " *");
        }
    )*};
}

impl_pointee! {
    u8 => "void",
    u32 => "__u32",
    CStr => "char",
    crate::uapi::sysdemo_fill => "struct sysdemo_fill",
    crate::uapi::sysdemo_identity => "struct sysdemo_identity",
    crate::uapi::sysdemo_regs => "struct sysdemo_regs",
    crate::uapi::sysdemo_entry => "struct sysdemo_entry",
    crate::uapi::sysdemo_time => "struct sysdemo_time",
    crate::uapi::sysdemo_open_how => "struct sysdemo_open_how",
    crate::uapi::sysdemo_stat => "struct sysdemo_stat",
    crate::uapi::sysdemo_facts => "struct sysdemo_facts",
}

/// A pointer to memory that a call reads.
pub(crate) struct UserIn<T: ?Sized>(UserPtr, PhantomData<*const T>);

/// A pointer to memory that a call writes.
pub(crate) struct UserOut<T>(UserPtr, PhantomData<fn(T)>);

/// A pointer to memory that a call reads, and may write afterwards.
pub(crate) struct UserInOut<T>(UserPtr, PhantomData<fn(T) -> T>);

impl<T: Pointee + ?Sized> UserIn<T> {
    /// Reads at most `size` bytes.
    pub(crate) fn reader(&self, size: usize) -> UserSliceReader {
        UserSlice::new(self.0, size).reader()
    }

    /// The bare pointer.
    pub(crate) fn as_user_ptr(&self) -> UserPtr {
        self.0
    }
}

impl<T: Pointee> UserOut<T> {
    /// Writes at most `size` bytes.
    pub(crate) fn writer(&self, size: usize) -> UserSliceWriter {
        UserSlice::new(self.0, size).writer()
    }

    /// The bare pointer.
    pub(crate) fn as_user_ptr(&self) -> UserPtr {
        self.0
    }
}

impl<T: Pointee> UserInOut<T> {
    /// The bare pointer.
    pub(crate) fn as_user_ptr(&self) -> UserPtr {
        self.0
    }
}

impl<T: Pointee + ?Sized> Argument for UserIn<T> {
    const NAME: &'static str = T::IN;

    #[inline(always)]
    fn from_register(register: u64) -> Result<Self> {
        Ok(Self(
            UserPtr::from_addr(usize::from_register(register)?),
            PhantomData,
        ))
    }
}

impl<T: Pointee> Argument for UserOut<T> {
    const NAME: &'static str = T::OUT;

    #[inline(always)]
    fn from_register(register: u64) -> Result<Self> {
        Ok(Self(
            UserPtr::from_addr(usize::from_register(register)?),
            PhantomData,
        ))
    }
}

impl<T: Pointee> Argument for UserInOut<T> {
    const NAME: &'static str = T::OUT;

    #[inline(always)]
    fn from_register(register: u64) -> Result<Self> {
        Ok(Self(
            UserPtr::from_addr(usize::from_register(register)?),
            PhantomData,
        ))
    }
}
