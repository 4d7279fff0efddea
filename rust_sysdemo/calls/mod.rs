// SPDX-License-Identifier: GPL-2.0

//! The services. A call is a small function that does one thing; what all calls have in
//! common is done by [`syscall`](crate::syscall).

#![deny(unsafe_code)]

mod arith;
mod echo;
mod entry;
mod facts;
mod fill;
mod identity;
mod label;
mod list;
mod mkdir;
mod null;
mod open;
mod regs;
mod rmdir;
mod rw;
mod sleep;
mod stat;
mod time;
mod unlink;
mod wait;

pub(crate) use label::Label;

use crate::syscall::Entry;

/// Every call there is. Their numbers, not their order here, say where in the table they go.
pub(crate) const ALL: &[Entry] = &[
    null::NULL,
    identity::GETPID,
    identity::GETTID,
    arith::SUM6,
    arith::SUM3,
    echo::ECHO,
    fill::FILL,
    identity::IDENTITY,
    label::SET_LABEL,
    label::GET_LABEL,
    label::CLEAR_LABEL,
    regs::REGS,
    entry::ENTRY,
    sleep::SLEEP,
    wait::WAIT,
    wait::WAKE,
    open::OPEN,
    mkdir::MKDIR,
    unlink::UNLINK,
    rmdir::RMDIR,
    stat::STAT,
    list::LIST,
    rw::READ,
    rw::WRITE,
    facts::FACTS, //
];
