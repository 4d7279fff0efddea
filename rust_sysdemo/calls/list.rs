// SPDX-License-Identifier: GPL-2.0

//! The names in a directory.

use super::echo::MAX;
use crate::{
    fs::{
        Entry,
        Path, //
    },
    syscall::{
        syscall,
        Context,
        UserIn,
        UserOut, //
    },
    uapi::{
        self,
        sysdemo_dirent, //
    },
};
use core::mem::size_of;
use kernel::{
    bindings,
    prelude::*, //
};

/// What the size of a record is a multiple of.
const ALIGN: usize = 8;

/// Puts a record behind others, if there is room for it.
///
/// Gives whether there was. Fails with [`ENOMEM`], unless there is memory for all of the room.
fn put(records: &mut KVVec<u8>, room: usize, entry: &Entry<'_>) -> Result<bool> {
    // Cannot overflow: a name is short.
    let size = (size_of::<sysdemo_dirent>() + entry.name.len() + 1).next_multiple_of(ALIGN);
    if room - records.len() < size {
        return Ok(false);
    }
    let head = sysdemo_dirent {
        ino: entry.number,
        cursor: entry.number,
        // CAST: All three are small.
        size: size as u32,
        name_len: entry.name.len() as u16,
        type_: if entry.is_directory {
            bindings::DT_DIR as u8
        } else {
            bindings::DT_REG as u8
        },
        pad: 0,
    };
    let end = records.len() + size;
    records.extend_from_slice(head.as_bytes(), GFP_KERNEL_ACCOUNT)?;
    records.extend_from_slice(entry.name, GFP_KERNEL_ACCOUNT)?;
    records.resize(end, 0, GFP_KERNEL_ACCOUNT)?;
    Ok(true)
}

syscall! {
    /// Lists the names in a directory that come after a cursor, as many as there is room for, and
    /// gives the bytes written.
    ///
    /// Fails as [`Path::read`] and [`Tree::list`](crate::fs::Tree::list) do, with [`EINVAL`] if
    /// there is no room for the first, [`EFAULT`] if the buffer cannot be written, and [`ENOMEM`].
    #[nr(uapi::SYSDEMO_NR_LIST)]
    fn list(
        ctx: &Context<'_>,
        path: UserIn<CStr>,
        buffer: UserOut<u8>,
        size: usize,
        cursor: u64,
    ) -> Result<i64> {
        let path = Path::read(&path)?;
        let room = size.min(MAX);
        // All of it now: nobody should have to wait for memory while the names are looked at.
        let mut records = KVVec::with_capacity(room, GFP_KERNEL_ACCOUNT)?;
        ctx.session.tree.list(&path, cursor, |entry| {
            let fits = put(&mut records, room, &entry)?;
            if !fits && records.is_empty() {
                return Err(EINVAL);
            }
            Ok(!fits)
        })?;
        buffer.writer(records.len()).write_slice(&records)?;
        // CAST: At most `MAX`.
        Ok(records.len() as i64)
    }
}
