// SPDX-License-Identifier: GPL-2.0

//! Commands by io_uring.
//!
//! The kernel makes a command in the context of who submits it, and asks for it not to wait then;
//! one that would have to is made by a worker of the submitter's process. What it is about lies in
//! the queue of submissions, which is the program's memory as well, until a worker gets it. So all
//! of it is copied, each word once, before any of it is looked at.
//!
//! C header: [`include/linux/io_uring/cmd.h`](srctree/include/linux/io_uring/cmd.h)

use super::shims;
use core::mem::MaybeUninit;
use kernel::{
    bindings,
    fs::File,
    prelude::*, //
};

/// How many words a command has in an entry of the larger kind.
pub(crate) const WORDS: usize = shims::SYSDEMO_URING_WORDS as usize;

/// What is asked for.
pub(crate) struct Request(shims::sysdemo_uring_request);

impl Request {
    /// Number of the command.
    pub(crate) fn op(&self) -> u32 {
        self.0.op
    }

    /// Whether it has flags of io_uring's own for commands (a registered buffer and the like).
    pub(crate) fn has_flags(&self) -> bool {
        self.0.flags != 0
    }

    /// The first word of the command, if there is nothing else in it: the rest, as much as the
    /// entry has of that, is 0.
    #[inline(always)]
    pub(crate) fn argument(&self) -> Option<u64> {
        let [argument, second, more @ ..] = &self.0.words;
        // An entry of the smaller kind has no more than two.
        let is_alone = *second == 0 && (self.0.is_wide == 0 || more.iter().all(|word| *word == 0));
        is_alone.then_some(*argument)
    }

    /// The words of the command, if its entry is of the larger kind.
    pub(crate) fn wide_words(&self) -> Option<&[u64; WORDS]> {
        (self.0.is_wide != 0).then_some(&self.0.words)
    }

    /// Whether it may wait.
    pub(crate) fn may_wait(&self) -> bool {
        self.0.may_wait != 0
    }

    /// Whether who set the ring up came by the door of 32-bit programs.
    pub(crate) fn is_compat(&self) -> bool {
        self.0.is_compat != 0
    }
}

/// What came of a command.
pub(crate) enum Outcome {
    /// This.
    Done(i64),
    /// Nothing yet: it has to wait, and may not. It is made once more, by who may.
    HasToWait,
}

/// A command as C has it, while it is made.
pub(super) struct Command {
    cmd: *mut bindings::io_uring_cmd,
    issue_flags: c_uint,
    request: Request,
}

impl Command {
    /// Reads what is asked for.
    ///
    /// # Safety
    ///
    /// `cmd` and `issue_flags` are those of a command that is being made, until [`Command::end`].
    pub(super) unsafe fn new(cmd: *mut bindings::io_uring_cmd, issue_flags: c_uint) -> Self {
        let mut request = MaybeUninit::uninit();
        // SAFETY: The caller's promise; all of the structure is written.
        let request = unsafe {
            shims::sysdemo_uring_read(cmd.cast(), issue_flags, request.as_mut_ptr());
            request.assume_init()
        };
        Self {
            cmd,
            issue_flags,
            request: Request(request),
        }
    }

    /// What is asked for.
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The file that it is for.
    pub(super) fn file(&self) -> &File {
        // SAFETY: A command has its file for as long as it is being made. No `fdget_pos()` of it is
        // going on in this thread: that is for reading and writing.
        unsafe { File::from_raw_file(self.request.0.file.cast()) }
    }

    /// Says what came of it: gives what C wants to be told, after which the command is not ours any
    /// more.
    ///
    /// The completion has room for 32 bits. What does not fit is told as `-EOVERFLOW`. Where the
    /// ring has larger completions, all of it is told as well.
    pub(super) fn end(self, outcome: Outcome) -> c_int {
        let ret = match outcome {
            Outcome::Done(ret) => ret,
            Outcome::HasToWait => return EAGAIN.to_errno(),
        };
        let res = c_int::try_from(ret).unwrap_or(EOVERFLOW.to_errno());
        let has_room = self.request.0.has_room;
        // Some numbers mean something else to who calls this: to make it once more, or that it goes
        // on, or that a signal has ended it. From a call they mean what the call says.
        if has_room == 0 && res != EAGAIN.to_errno() && res > ERESTARTSYS.to_errno() {
            return res;
        }
        // CAST: The same bits.
        // SAFETY: It is being made, and ended once: `self` is gone.
        unsafe {
            shims::sysdemo_uring_done(self.cmd.cast(), res, ret as u64, has_room, self.issue_flags)
        };
        EIOCBQUEUED.to_errno()
    }
}
