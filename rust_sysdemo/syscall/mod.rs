// SPDX-License-Identifier: GPL-2.0

//! The mechanism of a call: what `entry_SYSCALL_64` and `SYSCALL_DEFINE` are to the kernel.

#![deny(unsafe_code)]

mod define;
mod dispatch;
mod flags;
mod head;
mod pointer;
mod regs;
mod restart;
mod restrict;
pub(crate) mod table;
pub(crate) mod user_struct;

pub(crate) use define::{
    syscall,
    Entry,
    Parameter,
    Returned, //
};
pub(crate) use dispatch::{
    dispatch,
    dispatch_uncounted,
    Context,
    NoResult,
    Source, //
};
pub(crate) use flags::flags;
pub(crate) use head::Head;
pub(crate) use pointer::{
    UserIn,
    UserInOut,
    UserOut, //
};
pub(crate) use regs::{
    Argument,
    Registers,
    COUNT, //
};
pub(crate) use restart::Restart;
pub(crate) use restrict::Restriction;
