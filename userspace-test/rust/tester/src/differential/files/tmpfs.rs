// SPDX-License-Identifier: GPL-2.0

//! The kernel's files: what is in the root directory.

use super::side::{Told, Tree};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, mkdir, openat2, rmdir, stat, unlinkat};
use rustix::io::{Errno, Result, read, write};
use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// The files below `/`, which is a tmpfs that is empty at first.
pub(crate) struct Tmpfs;

/// What the standard library says, as the kernel said it.
pub(crate) fn errno(error: io::Error) -> Errno {
    Errno::from_io_error(&error).expect("it is the kernel's")
}

impl Tree for Tmpfs {
    fn open(&self, path: &CStr, flags: u64, mode: u32, resolve: u64) -> Result<OwnedFd> {
        let flags = u32::try_from(flags).expect("no step has more");
        openat2(
            CWD,
            path,
            OFlags::from_bits_retain(flags),
            Mode::from_bits_retain(mode),
            ResolveFlags::from_bits_retain(resolve),
        )
    }

    fn mkdir(&self, path: &CStr, mode: u32) -> Result<()> {
        mkdir(path, Mode::from_bits_retain(mode))
    }

    fn unlink(&self, path: &CStr) -> Result<()> {
        unlinkat(CWD, path, AtFlags::empty())
    }

    fn rmdir(&self, path: &CStr) -> Result<()> {
        rmdir(path)
    }

    fn stat(&self, path: &CStr) -> Result<Told> {
        stat(path).map(Into::into)
    }

    fn list(&self, path: &CStr) -> Result<BTreeMap<String, bool>> {
        let entries = std::fs::read_dir(OsStr::from_bytes(path.to_bytes())).map_err(errno)?;
        let entry = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            let name = entry.file_name().into_string().expect("names are ASCII");
            Ok((name, entry.file_type()?.is_dir()))
        };
        entries.map(entry).collect::<io::Result<_>>().map_err(errno)
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize> {
        read(file, buffer)
    }

    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize> {
        write(file, bytes)
    }
}
