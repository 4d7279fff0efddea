// SPDX-License-Identifier: GPL-2.0

//! The mechanism of a call: what `entry_SYSCALL_64` and `SYSCALL_DEFINE` are to the kernel.

mod define;
mod dispatch;
mod regs;
mod table;

pub(crate) use define::{
    syscall,
    Entry,
    Parameter, //
};
pub(crate) use dispatch::{
    dispatch,
    Context, //
};
pub(crate) use regs::{
    Argument,
    Registers, //
};
