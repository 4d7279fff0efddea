// SPDX-License-Identifier: GPL-2.0

//! Waiting for another thread, by way of a word of memory: what a futex does.
//!
//! Who meets whom is decided by the open device, the memory and the address, see [`Key`]. A queue
//! for each open device instead of one for all bounds what one program can do to another: nothing,
//! unless they share that. And it goes away with the open device, which all who are in it hold.

use super::time::Timeout;
use crate::{
    bridge::{
        sleep::Ending,
        user_memory,
        wait_queue::Key, //
    },
    syscall::{
        syscall,
        Context,
        UserIn,
        UserInOut, //
    },
    uapi::{
        self,
        sysdemo_time, //
    },
};
use kernel::prelude::*;

syscall! {
    /// Sleeps if a word has the expected value, until it is woken by [`wake`] or the time is up.
    ///
    /// There is no time limit if `time` is null and `size` is 0.
    ///
    /// Fails as [`Timeout::read`] does; with [`EINVAL`] if the word is not aligned, [`ENOSPC`] if
    /// too many wait on this open device, [`EFAULT`] if the word cannot be read, [`EAGAIN`] if it
    /// has another value, and [`ETIMEDOUT`] if the time is up. If a signal comes before that,
    /// [`ERESTARTSYS`], or with a time limit as [`Timeout::interrupted`] says: there is no way to
    /// tell a handler with `SA_RESTART` how much time it took.
    #[nr(uapi::SYSDEMO_NR_WAIT)]
    #[sleeps]
    fn wait(
        ctx: &Context<'_>,
        word: UserIn<u32>,
        expected: u32,
        time: UserInOut<sysdemo_time>,
        size: usize,
    ) -> Result<i64> {
        let timeout = if size == 0 && time.as_user_ptr().as_const_ptr().is_null() {
            None
        } else {
            Some(Timeout::read(&time, size)?)
        };
        let word = word.as_user_ptr();
        let key = Key::of(word)?;
        let deadline = timeout.as_ref().map(|timeout| timeout.deadline);

        let ending = ctx.session.waiters.wait(key, deadline, || {
            if user_memory::read_word(word)? == expected {
                Ok(())
            } else {
                Err(EAGAIN)
            }
        })?;
        match ending {
            Ending::Woken => Ok(0),
            Ending::TimedOut => Err(ETIMEDOUT),
            Ending::Signal => Err(timeout.map_or(ERESTARTSYS, |timeout| timeout.interrupted())),
        }
    }
}

syscall! {
    /// Wakes at most `count` of those who wait for a word, in the order in which they came, and
    /// gives how many there were.
    ///
    /// The word is not looked at: it need not be there. Fails with [`EINVAL`] if it is not aligned,
    /// and with [`EFAULT`] if its address is not one of user space.
    #[nr(uapi::SYSDEMO_NR_WAKE)]
    fn wake(ctx: &Context<'_>, word: UserIn<u32>, count: u32) -> Result<i64> {
        let key = Key::of(word.as_user_ptr())?;
        Ok(ctx.session.waiters.wake(key, count).into())
    }
}
