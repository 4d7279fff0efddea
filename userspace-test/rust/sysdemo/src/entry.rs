// SPDX-License-Identifier: GPL-2.0

//! What a directory of the tree has in it.

use crate::uapi::sysdemo_dirent;
use std::ffi::OsString;
use std::mem::offset_of;
use std::os::unix::ffi::OsStringExt;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// Number of what has the name.
    pub ino: u64,
    /// `DT_REG` or `DT_DIR`.
    pub kind: u8,
    /// Where the list goes on after it.
    pub cursor: u64,
}

/// The field of a record at an offset.
fn field<const N: usize>(record: &[u8], offset: usize) -> Option<[u8; N]> {
    record.get(offset..offset + N)?.try_into().ok()
}

impl Entry {
    /// Takes the first record off; the size of it as well. None if it is not whole.
    fn first(records: &[u8]) -> Option<(Self, usize)> {
        let number = |offset| field(records, offset).map(u64::from_ne_bytes);
        let size = u32::from_ne_bytes(field(records, offset_of!(sysdemo_dirent, size))?) as usize;
        let len = u16::from_ne_bytes(field(records, offset_of!(sysdemo_dirent, name_len))?);
        let name = size_of::<sysdemo_dirent>();
        let name = records.get(..size)?.get(name..name + usize::from(len))?;
        let entry = Self {
            name: OsString::from_vec(name.to_vec()),
            ino: number(offset_of!(sysdemo_dirent, ino))?,
            kind: *records.get(offset_of!(sysdemo_dirent, type_))?,
            cursor: number(offset_of!(sysdemo_dirent, cursor))?,
        };
        Some((entry, size))
    }

    /// The records, one after the other, as the module writes them.
    pub(crate) fn all(mut records: &[u8]) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let (entry, size) = Self::first(records)?;
            records = &records[size..];
            Some(entry)
        })
    }
}
