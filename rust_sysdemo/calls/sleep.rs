// SPDX-License-Identifier: GPL-2.0

//! A call that takes its time, and how a signal ends it.

use super::time::Timeout;
use crate::{
    bridge::sleep::{
        self,
        Ending, //
    },
    syscall::{
        syscall,
        Context,
        UserInOut, //
    },
    uapi::{
        self,
        sysdemo_time, //
    },
};
use kernel::prelude::*;

syscall! {
    /// Sleeps.
    ///
    /// Fails as [`Timeout::read`] does, and as [`Timeout::interrupted`] says if a signal comes
    /// before the time is up.
    #[nr(uapi::SYSDEMO_NR_SLEEP)]
    #[sleeps]
    fn sleep(_ctx: &Context<'_>, time: UserInOut<sysdemo_time>, size: usize) -> Result<i64> {
        let timeout = Timeout::read(&time, size)?;
        match sleep::until(timeout.deadline) {
            // As for nanosleep(2): a signal that comes as the time is up ends nothing.
            Ending::Signal if timeout.deadline.remaining() > 0 => Err(timeout.interrupted()),
            _ => Ok(0),
        }
    }
}
