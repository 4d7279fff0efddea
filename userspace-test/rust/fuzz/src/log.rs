// SPDX-License-Identifier: GPL-2.0

//! The kernel's log, to stop at the very input that made it complain.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// What is in a report of the kernel's; `qemu/console.py` knows them better, and judges.
const REPORTS: [&str; 6] = [
    "BUG: ",
    "WARNING: ",
    "INFO: ",
    "UBSAN: ",
    "refcount_t: ",
    "Oops: ",
];

/// The log from now on.
pub(crate) struct Log(File);

impl Log {
    /// Opens it at its end.
    pub(crate) fn open() -> io::Result<Self> {
        let mut file = File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// A report that has come since the last time, if there is one.
    ///
    /// Fails if the log cannot be read.
    pub(crate) fn report(&mut self) -> io::Result<Option<String>> {
        let mut record = [0; 8192];
        loop {
            match self.0.read(&mut record) {
                Ok(size) => {
                    // "level,sequence,time,flags;text", and further lines.
                    let record = String::from_utf8_lossy(&record[..size]);
                    let text = record.split_once(';').map_or("", |(_, text)| text);
                    if REPORTS.iter().any(|report| text.contains(report)) {
                        return Ok(Some(text.lines().next().unwrap_or_default().into()));
                    }
                }
                // EPIPE: records were lost before they could be read.
                Err(error)
                    if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted) => {}
                // There is nothing more.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}
