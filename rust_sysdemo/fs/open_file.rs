// SPDX-License-Identifier: GPL-2.0

//! What an open file does.

use super::contents::Fresh;
use crate::{
    bridge::{
        pseudo_fs::{
            Inode,
            LockedInode, //
        },
        task, //
    },
    syscall::Restriction,
    uapi, //
};
use kernel::{
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    page::PAGE_SIZE,
    prelude::*, //
};

/// How much is written at once. What is longer is written in pieces of that length, so that nobody
/// has more than that much of the kernel's memory for what is still to be written.
const PIECE: usize = uapi::SYSDEMO_COPY_MAX as usize;

/// What is known of an open file besides what the kernel knows.
///
/// The caller's memory is copied to and from a buffer, without any lock of ours: what is in a file
/// is locked only while the buffer is copied, for which all memory has been taken. So a page of the
/// caller's that takes its time to appear holds up nobody else who has the file, apart from who
/// shares its position.
#[derive(Clone, Copy)]
pub(crate) struct OpenFile {
    may_read: bool,
    may_write: bool,
}

impl OpenFile {
    /// What somebody has who opens it through a device that is restricted.
    pub(super) fn new(restriction: &Restriction) -> Self {
        Self {
            may_read: restriction.allows_call(uapi::SYSDEMO_NR_READ),
            may_write: restriction.allows_call(uapi::SYSDEMO_NR_WRITE),
        }
    }

    /// As bits, for the kernel to keep.
    pub(crate) fn into_bits(self) -> usize {
        usize::from(self.may_read) | usize::from(self.may_write) << 1
    }

    /// What was kept as bits.
    pub(crate) fn from_bits(bits: usize) -> Self {
        Self {
            may_read: bits & 1 != 0,
            may_write: bits & 2 != 0,
        }
    }

    /// Requires that the device that the file was opened through was allowed to read.
    ///
    /// Fails with [`EPERM`] otherwise.
    pub(crate) fn require_read(&self) -> Result {
        if self.may_read {
            Ok(())
        } else {
            Err(EPERM)
        }
    }

    /// Requires that the device that the file was opened through was allowed to write.
    ///
    /// Fails with [`EPERM`] otherwise.
    pub(crate) fn require_write(&self) -> Result {
        if self.may_write {
            Ok(())
        } else {
            Err(EPERM)
        }
    }

    /// Reads at a position, and moves it.
    ///
    /// Fails with [`EPERM`] if the device that the file was opened through was not allowed to read,
    /// [`EFAULT`] if not one byte could be copied, [`EINVAL`] if the position is negative, and
    /// [`ENOMEM`]. Gives what was read if something fails later.
    pub(crate) fn read(
        &self,
        inode: &Inode,
        to: &mut IovIterDest<'_>,
        position: &mut i64,
    ) -> Result<usize> {
        self.require_read()?;
        let node = inode.node();
        let start = usize::try_from(*position).map_err(|_| EINVAL)?;
        // No more than there is now. If the file grows meanwhile, a buffer for the little that
        // there was would be a slow way to read it.
        let there = node.contents().lock().size().saturating_sub(start);
        let wanted = to.len().min(there);
        let mut buffer = KVec::zeroed(wanted.min(PAGE_SIZE), GFP_KERNEL_ACCOUNT)?;

        let mut done = 0;
        while done < wanted {
            let room = buffer.len().min(wanted - done);
            let part = buffer.get_mut(..room).ok_or(EINVAL)?;
            // Cannot overflow: there is something up to there.
            let got = node.contents().lock().read(start + done, part);
            let copied = to.copy_to_iter(part.get(..got).ok_or(EINVAL)?);
            done += copied;
            if copied < got && done == 0 {
                return Err(EFAULT);
            }
            if got < room || copied < got || task::is_being_killed() {
                break;
            }
        }
        // CAST: A file's size is far below `i64::MAX`.
        *position = (start + done) as i64;
        Ok(done)
    }

    /// Writes at a position, or at the end, and moves the position behind what was written.
    ///
    /// What is written is written at once, if it is no more than a [`PIECE`]. Fails with [`EPERM`]
    /// if the device that the file was opened through was not allowed to write, [`EFBIG`] if there
    /// is no room at the position, [`EFAULT`] if not one byte could be copied, [`EDQUOT`] or
    /// [`ENOSPC`] if there may not be as much, [`EINVAL`] if the position is negative, [`EINTR`] if
    /// the caller is being killed, and [`ENOMEM`]. Gives what was written if something fails later.
    pub(crate) fn write(
        &self,
        inode: &Inode,
        from: &mut IovIterSource<'_>,
        position: &mut i64,
        append: bool,
    ) -> Result<usize> {
        self.require_write()?;
        let wanted = from.len();
        if wanted == 0 {
            return Ok(0);
        }
        let mut start = usize::try_from(*position).map_err(|_| EINVAL)?;
        let room = {
            let node = inode.node();
            let contents = node.contents().lock();
            if append {
                start = contents.size();
            }
            room_at(start, contents.size_max())
        };
        if room == 0 {
            return Err(no_room(start));
        }
        let wanted = wanted.min(room);
        let mut buffer = KVVec::zeroed(wanted.min(PIECE), GFP_KERNEL_ACCOUNT)?;

        let (mut done, mut behind) = (0, start);
        let ended = loop {
            let part = buffer.len().min(wanted - done);
            let copied = from.copy_from_iter(buffer.get_mut(..part).ok_or(EINVAL)?);
            if copied == 0 {
                break Err(EFAULT);
            }
            let piece = buffer.get(..copied).ok_or(EINVAL)?;
            let len = match write_piece(inode, &mut start, piece, append) {
                // Others have written as well, up to where there is no more room.
                Ok(0) if done == 0 => break Err(no_room(start)),
                Ok(0) => break Ok(()),
                Ok(len) => len,
                Err(error) => break Err(error),
            };
            done += len;
            behind = start;
            if len < part || done == wanted {
                break Ok(());
            }
            // As generic_perform_write() does. Other signals wait: who writes a file does not
            // expect less to be written for one of those.
            if task::is_being_killed() {
                break Err(EINTR);
            }
        };
        if done == 0 {
            ended?;
        }
        // CAST: A file's size is far below `i64::MAX`.
        *position = behind as i64;
        Ok(done)
    }

    /// Changes the size of the file.
    ///
    /// Fails with [`EPERM`] if the device that it was opened through was not allowed to write, and
    /// with [`EFBIG`] if it would be too large.
    pub(crate) fn truncate(&self, inode: &LockedInode<'_>, size: u64) -> Result {
        self.require_write()?;
        truncate(inode, size)
    }
}

/// Writes a piece at a place, or at the end, and moves the place behind it. Gives how much of it
/// there was room for.
///
/// Fails as [`OpenFile::write`] does, and has then written nothing. If nothing is written, the
/// place may be where the end is.
fn write_piece(inode: &Inode, start: &mut usize, piece: &[u8], append: bool) -> Result<usize> {
    let node = inode.node();
    let mut fresh = Fresh::none();
    loop {
        let inode = inode.lock();
        let mut contents = node.contents().lock();
        let mut len = piece.len();
        if append {
            *start = contents.size();
            len = len.min(room_at(*start, contents.size_max()));
            if len == 0 {
                return Ok(0);
            }
        }
        let lack = contents.lack(*start, len)?;
        if !fresh.suffices(&lack) {
            // Others go on meanwhile. If one of them cuts the file, there is more to be taken.
            drop((contents, inode));
            fresh = Fresh::of(&lack)?;
            continue;
        }
        contents.write(*start, piece.get(..len).ok_or(EINVAL)?, &mut fresh)?;
        // Cannot overflow: the file has got that size.
        *start += len;
        // CAST: Lossless, no target has a `usize` of more than 64 bits.
        inode.set_size(contents.size() as u64);
        node.modified();
        return Ok(len);
    }
}

/// Changes the size of a file, whoever may.
///
/// Fails with [`EFBIG`] if it would be too large.
pub(super) fn truncate(inode: &LockedInode<'_>, size: u64) -> Result {
    let node = inode.node();
    let mut contents = node.contents().lock();
    contents.truncate(usize::try_from(size).map_err(|_| EFBIG)?)?;
    inode.set_size(size);
    node.modified();
    Ok(())
}

/// How much may be written at a position, for the file's sake and the caller's.
fn room_at(position: usize, size_max: usize) -> usize {
    let room = size_max.saturating_sub(position);
    // CAST: Lossless, no target has a `usize` of more than 64 bits; and at most `room`.
    task::room_for_file(position as u64).min(room as u64) as usize
}

/// What it means that nothing at all could be written at a position. If it is the caller who may
/// not, a signal tells that as well; who has written something gets none.
fn no_room(position: usize) -> Error {
    // CAST: Lossless, no target has a `usize` of more than 64 bits.
    if task::room_for_file(position as u64) == 0 {
        task::signal_file_size();
    }
    EFBIG
}
