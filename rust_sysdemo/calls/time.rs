// SPDX-License-Identifier: GPL-2.0

//! How long a call sleeps, and what is left of that when a signal comes.

use crate::{
    bridge::time::Monotonic,
    syscall::{
        flags,
        user_struct::{
            self,
            UserStruct, //
        },
        UserInOut, //
    },
    uapi::{
        self,
        sysdemo_time, //
    },
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::{
    prelude::*,
    uaccess::UserSlice, //
};

flags! {
    /// Flags of a time.
    struct TimeFlags: u64 {
        /// The time is that of the clock, and not from now on.
        const ABSOLUTE = uapi::SYSDEMO_TIME_ABSOLUTE;
    }
}

impl UserStruct for sysdemo_time {
    const SIZE_VER0: usize = uapi::SYSDEMO_TIME_SIZE_VER0 as usize;
}

/// A time that a call sleeps for.
pub(super) struct Timeout {
    pub(super) deadline: Monotonic,
    /// Where the caller is told what remains, if it said how long instead of until when.
    remaining: Option<UserPtr>,
}

impl Timeout {
    /// Reads a time; if it is from now on, that is now.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if `size` or what lies beyond the known fields is not
    /// acceptable, see [`user_struct::read`]; with [`EINVAL`] if the time is negative or has
    /// unknown flags, and with [`EFAULT`] if it cannot be read.
    pub(super) fn read(time: &UserInOut<sysdemo_time>, size: usize) -> Result<Self> {
        let place = time.as_user_ptr();
        let time = user_struct::read_in_out(time, size)?;
        let flags = TimeFlags::try_from(time.flags)?;
        if time.time < 0 {
            return Err(EINVAL);
        }
        Ok(if flags.contains(TimeFlags::ABSOLUTE) {
            Self {
                deadline: Monotonic::at_for_current(time.time),
                remaining: None,
            }
        } else {
            Self {
                deadline: Monotonic::after(time.time),
                remaining: Some(place.wrapping_byte_add(offset_of!(sysdemo_time, time))),
            }
        })
    }

    /// Gives the error of a call that a signal has ended, after the caller has been told what
    /// remains.
    ///
    /// Made again, the call then goes on with that. If it cannot be told, the call must not be made
    /// again: it would sleep for the whole time.
    pub(super) fn interrupted(&self) -> Error {
        let Some(place) = self.remaining else {
            return ERESTARTNOHAND;
        };
        let told = UserSlice::new(place, size_of::<i64>())
            .writer()
            .write(&self.deadline.remaining());
        match told {
            Ok(()) => ERESTARTNOHAND,
            Err(_) => EINTR,
        }
    }
}
