// SPDX-License-Identifier: GPL-2.0

//! Commands by io_uring, one at a time.

use io_uring::cqueue;
use io_uring::squeue::{self, Flags};
use io_uring::types::{CancelBuilder, Fd};
use io_uring::{IoUring, opcode};
use std::io;

/// How many entries a ring has: there is one command at a time.
const ENTRIES: u32 = 2;

/// How many bytes a command has in an entry of the smaller kind, and of the larger.
const NARROW: usize = 16;
pub(crate) const WIDE: usize = 80;

/// A command.
pub(crate) struct Command {
    /// Its number.
    pub(crate) op: u32,
    /// What it has in the entry; the beginning, if that is of the smaller kind.
    pub(crate) bytes: [u8; WIDE],
    /// Whether the entry is of the larger kind.
    pub(crate) is_wide: bool,
    /// Whether a worker makes it from the beginning.
    pub(crate) is_async: bool,
}

/// The rings of a thread, one for each kind of entry.
pub(crate) struct Uring {
    narrow: IoUring,
    wide: IoUring<squeue::Entry128, cqueue::Entry>,
}

impl Uring {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            narrow: IoUring::new(ENTRIES)?,
            wide: IoUring::builder().build(ENTRIES)?,
        })
    }

    /// Makes a command; gives what came of it.
    pub(crate) fn run(&mut self, fd: i32, command: &Command) -> i64 {
        let flags = if command.is_async {
            Flags::ASYNC
        } else {
            Flags::empty()
        };
        if command.is_wide {
            let entry = opcode::UringCmd80::new(Fd(fd), command.op)
                .cmd(command.bytes)
                .build()
                .flags(flags);
            // SAFETY: What the command points to is the arena's, or harmless.
            let pushed = unsafe { self.wide.submission().push(&entry) };
            pushed.expect("the ring is empty");
            return finish(&mut self.wide);
        }
        let mut bytes = [0; NARROW];
        bytes.copy_from_slice(&command.bytes[..NARROW]);
        let entry = opcode::UringCmd16::new(Fd(fd), command.op)
            .cmd(bytes)
            .build()
            .flags(flags);
        // SAFETY: As above.
        let pushed = unsafe { self.narrow.submission().push(&entry) };
        pushed.expect("the ring is empty");
        finish(&mut self.narrow)
    }
}

/// Waits for the command of a ring, and gives what came of it. One that takes long is cancelled:
/// the signals that come to this thread do not come to the worker that makes it.
fn finish<S: squeue::EntryMarker>(ring: &mut IoUring<S, cqueue::Entry>) -> i64 {
    loop {
        let waited = ring.submit_and_wait(1);
        if let Some(done) = ring.completion().next() {
            return done.result().into();
        }
        if waited.is_err() {
            // It may be done by now, or this may be interrupted as well.
            let _ = ring
                .submitter()
                .register_sync_cancel(None, CancelBuilder::any());
        }
    }
}
