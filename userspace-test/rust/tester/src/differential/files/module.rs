// SPDX-License-Identifier: GPL-2.0

//! The module's files.

use super::side::{Told, Tree};
use super::tmpfs::errno;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Result;
use std::collections::BTreeMap;
use std::ffi::CStr;
use sysdemo::{Device, uapi};

/// `DT_DIR`
pub(crate) const DIRECTORY: u8 = 4;

impl From<uapi::sysdemo_stat> for Told {
    fn from(stat: uapi::sysdemo_stat) -> Self {
        Self {
            mode: stat.mode,
            user: stat.uid,
            group: stat.gid,
            links: stat.nlink.into(),
            size: stat.size,
            blocks: stat.blocks,
            number: stat.ino,
        }
    }
}

impl Tree for &Device {
    fn open(&self, path: &CStr, flags: u64, mode: u32, resolve: u64) -> Result<OwnedFd> {
        let how = uapi::sysdemo_open_how {
            flags,
            mode: mode.into(),
            resolve,
        };
        self.open_file(path, &how).map_err(errno)
    }

    fn mkdir(&self, path: &CStr, mode: u32) -> Result<()> {
        Device::mkdir(self, path, mode).map_err(errno)
    }

    fn unlink(&self, path: &CStr) -> Result<()> {
        Device::unlink(self, path).map_err(errno)
    }

    fn rmdir(&self, path: &CStr) -> Result<()> {
        Device::rmdir(self, path).map_err(errno)
    }

    fn stat(&self, path: &CStr) -> Result<Told> {
        Device::stat(self, path).map(Into::into).map_err(errno)
    }

    fn list(&self, path: &CStr) -> Result<BTreeMap<String, bool>> {
        let entries = Device::list(self, path).map_err(errno)?;
        let entry = |entry: sysdemo::Entry| {
            let name = entry.name.into_string().expect("names are ASCII");
            (name, entry.kind == DIRECTORY)
        };
        Ok(entries.into_iter().map(entry).collect())
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize> {
        Device::read(self, file, buffer).map_err(errno)
    }

    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize> {
        Device::write(self, file, bytes).map_err(errno)
    }
}
