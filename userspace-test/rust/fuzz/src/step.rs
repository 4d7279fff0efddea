// SPDX-License-Identifier: GPL-2.0

//! What an input consists of, and who does it: the same steps can be taken by this thread, by
//! another one and by a child process.

use crate::arena;
use crate::door::{self, FileCall};
use crate::uring::{Command, Uring};
use std::ffi::CString;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// How many files can be open at once.
pub(crate) const FILES: usize = 3;

/// The user without rights.
const NOBODY: u32 = 65534;

/// A step. All that it takes from memory is laid out before it is taken.
pub(crate) enum Step {
    /// An ioctl.
    Ioctl {
        /// Which file, and by which door.
        choice: u8,
        /// The command.
        command: u32,
        /// Its argument.
        argument: u64,
        /// The call of the table that it makes, and where its result will be.
        call: Option<(usize, u64)>,
    },
    /// The log of a file is read, to such an address, with so many bytes of room.
    Read(u8, u64, u64),
    /// A file is asked what it is ready for.
    Poll(u8),
    /// The device is opened with such flags, in place of what is there.
    Open(usize, i32),
    /// A file is closed.
    Close(usize),
    /// The rights of root go, or come back.
    ChangeUser,
    /// A word of the arena is changed: another thread's call may be reading it.
    Write(u64, u64),
    /// What the device has at an offset is mapped: so many bytes, with such rights, shared or not.
    Map(u8, u64, u64, i32, bool),
    /// A command by io_uring on a file.
    Uring(u8, Command),
    /// A system call on a file, which a call may have opened.
    File(FileCall, i32, u64, u64, u64),
}

/// The open files, which all threads share.
pub(crate) struct Files([AtomicI32; FILES]);

impl Files {
    const NONE: i32 = -1;

    /// None are open.
    pub(crate) fn new() -> Self {
        Self([const { AtomicI32::new(Self::NONE) }; FILES])
    }

    fn replace(&self, slot: usize, fd: Option<i32>) {
        let old = self.0[slot].swap(fd.unwrap_or(Self::NONE), Relaxed);
        if old != Self::NONE {
            door::close(old);
        }
    }

    /// The file that is chosen; the first one if that is closed, which is rarely of interest.
    fn get(&self, choice: u8) -> i32 {
        match self.0[usize::from(choice) % FILES].load(Relaxed) {
            Self::NONE => self.0[0].load(Relaxed),
            fd => fd,
        }
    }
}

/// Who takes steps.
pub(crate) struct Runner {
    device: Arc<CString>,
    files: Arc<Files>,
    stack: u64,
    is_nobody: bool,
    /// None in a child: its parent has it.
    uring: Option<Uring>,
}

impl Runner {
    /// Somebody of the given number, as root.
    ///
    /// Fails if the kernel has no io_uring to give.
    pub(crate) fn new(device: Arc<CString>, files: Arc<Files>, number: u64) -> io::Result<Self> {
        Ok(Self {
            device,
            files,
            stack: arena::stack(number),
            is_nobody: false,
            uring: Some(Uring::new()?),
        })
    }

    /// Leaves io_uring to the parent, in a child.
    pub(crate) fn leave_uring(&mut self) {
        self.uring = None;
    }

    /// Takes a step; gives what the kernel gave. Neither allocates nor waits for another thread.
    pub(crate) fn take(&mut self, step: &Step) -> i64 {
        match *step {
            Step::Ioctl {
                choice,
                command,
                argument,
                ..
            } => {
                let fd = self.files.get(choice);
                if choice & 0xe0 == 0xe0 {
                    return door::ioctl_32(self.stack, fd, command, argument);
                }
                return door::ioctl(self.stack, fd, command, argument);
            }
            Step::Read(choice, address, size) => {
                return door::read(self.files.get(choice), address, size);
            }
            Step::Poll(choice) => return door::poll(self.files.get(choice)),
            Step::Open(slot, flags) => self.open(slot, flags),
            Step::Close(slot) => self.files.replace(slot, None),
            Step::ChangeUser if self.is_nobody => self.become_root(),
            Step::ChangeUser => self.is_nobody = door::become_user(NOBODY).is_ok(),
            Step::Write(address, word) => arena::write_at_once(address, word),
            Step::Map(choice, offset, size, protection, is_shared) => {
                let fd = self.files.get(choice);
                return arena::map(fd, offset, size, protection, is_shared);
            }
            Step::Uring(choice, ref command) => {
                let fd = self.files.get(choice);
                return (self.uring.as_mut()).map_or(0, |uring| uring.run(fd, command));
            }
            Step::File(call, fd, address, size, offset) => {
                return door::file_call(call, fd, address, size, offset);
            }
        }
        0
    }

    /// Opens the device.
    pub(crate) fn open(&self, slot: usize, flags: i32) {
        self.files.replace(slot, door::open(&self.device, flags));
    }

    /// Has the rights of root again.
    pub(crate) fn become_root(&mut self) {
        if self.is_nobody {
            door::become_user(0).expect("the real user is root still");
            self.is_nobody = false;
        }
    }

    /// Closes all files.
    pub(crate) fn close_all(&self) {
        for slot in 0..FILES {
            self.files.replace(slot, None);
        }
    }
}
