// SPDX-License-Identifier: GPL-2.0

//! What can be done with files, and what comes of it.

use super::path::Path;
use crate::differential::script::{Bits, Permissions, steps};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fmt;

/// How many files can be open at once.
pub(crate) const FILES: u8 = 3;

steps! {
    /// A step. Files that are open have numbers, from 0.
    Step {
        /// From here on another user does it: 0 is root.
        Become "become" (user: u8),
        /// `umask`
        Umask "umask" (mask: Permissions),
        /// `openat2`, in place of what was open there.
        Open "open" (file: u8, path: Path, flags: Bits, mode: Permissions, resolve: Bits),
        /// `close`
        Close "close" (file: u8),
        /// `dup`: both then have one position.
        Dup "dup" (file: u8, to: u8),
        /// `mkdir`
        Mkdir "mkdir" (path: Path, mode: Permissions),
        /// `unlink`
        Unlink "unlink" (path: Path),
        /// `rmdir`
        Rmdir "rmdir" (path: Path),
        /// `stat`
        Stat "stat" (path: Path),
        /// What a directory has in it.
        List "list" (path: Path),
        /// `read`
        Read "read" (file: u8, size: u32),
        /// `write` of bytes that count up from one.
        Write "write" (file: u8, size: u32, from: u8),
        /// `read`, by the call of that name.
        CallRead "call_read" (file: u8, size: u32),
        /// `write`, by the call of that name.
        CallWrite "call_write" (file: u8, size: u32, from: u8),
        /// `pread`
        Pread "pread" (file: u8, size: u32, offset: i64),
        /// `pwrite`
        Pwrite "pwrite" (file: u8, size: u32, from: u8, offset: i64),
        /// `lseek`
        Seek "lseek" (file: u8, offset: i64, whence: u32),
        /// `ftruncate`
        Truncate "ftruncate" (file: u8, size: i64),
        /// `sendfile` to elsewhere; gives what comes there.
        Send "sendfile" (file: u8, size: u32),
        /// `sendfile` from one file to another one. Within one file it depends on how much is
        /// on its way at once what comes out.
        Copy "copy" (file: u8, to: u8, size: u32),
        /// `fstat`
        Fstat "fstat" (file: u8),
        /// What `fcntl` tells: how it was opened.
        Flags "flags" (file: u8),
    }
}

/// What is known of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// Type and permissions.
    pub(crate) mode: Permissions,
    /// Whose it is.
    pub(crate) user: u32,
    /// Whose group's it is.
    pub(crate) group: u32,
    /// How many names it has.
    pub(crate) links: u64,
    /// How many bytes are in it, and how many blocks it takes. Of a directory every file system
    /// has its own idea.
    pub(crate) size: Option<(u64, u64)>,
    /// Which one it is of those that were seen.
    pub(crate) which: usize,
}

/// What a step gives.
#[derive(PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is no such file to do it with.
    Nothing,
    /// An error.
    Error(Errno),
    /// A number: of bytes, of a position, or 0.
    Number(u64),
    /// Bytes that were read.
    Bytes(Vec<u8>),
    /// Names, and whether each is a directory's.
    Names(BTreeMap<String, bool>),
    /// What is known of a file.
    Attributes(Attributes),
    /// All that is there.
    Tree(BTreeMap<Path, (Outcome, Outcome)>),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no file is open there"),
            Self::Error(error) => write!(f, "{error}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => write_bytes(f, bytes),
            Self::Names(names) => write!(f, "{names:?}"),
            Self::Attributes(attributes) => write!(f, "{attributes:?}"),
            Self::Tree(tree) => write!(f, "{tree:#?}"),
        }
    }
}

/// Writes so much of many bytes that a difference can be seen: the first ones, and what all of them
/// add up to by place.
fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const SHOWN: usize = 16;
    write!(f, "{} bytes", bytes.len())?;
    if bytes.len() > SHOWN {
        let sum = bytes.iter().fold(0u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add((*byte).into())
        });
        write!(f, ", sum {sum:#x}")?;
    }
    write!(f, ": {:x?}", &bytes[..bytes.len().min(SHOWN)])
}

impl<T: Into<Outcome>> From<rustix::io::Result<T>> for Outcome {
    fn from(result: rustix::io::Result<T>) -> Self {
        result.map_or_else(Self::Error, Into::into)
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Number(0)
    }
}

impl From<usize> for Outcome {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<u64> for Outcome {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<u8>> for Outcome {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Attributes> for Outcome {
    fn from(attributes: Attributes) -> Self {
        Self::Attributes(attributes)
    }
}

impl From<BTreeMap<String, bool>> for Outcome {
    fn from(names: BTreeMap<String, bool>) -> Self {
        Self::Names(names)
    }
}
