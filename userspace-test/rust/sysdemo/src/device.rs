// SPDX-License-Identifier: GPL-2.0

//! An open device and what can be asked of it.

use crate::entry::Entry;
use crate::ioctl;
use crate::rings::Rings;
use crate::uapi::{
    self, sysdemo_call, sysdemo_entry, sysdemo_facts, sysdemo_identity, sysdemo_info, sysdemo_log,
    sysdemo_log_record, sysdemo_open_how, sysdemo_regs, sysdemo_restrict, sysdemo_stat,
    sysdemo_time,
};
use crate::vvar::Vvar;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read};
use std::ffi::{CStr, CString};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU32;

/// An open device that speaks the ABI of `uapi/linux/sysdemo.h`.
///
/// Every method fails with an [`io::Error`] that has the error number which the module gave.
#[derive(Debug)]
pub struct Device {
    fd: OwnedFd,
}

/// Room for what a directory has in it, as much as is asked for at once.
const LIST_SIZE: usize = 4096;

/// Which label is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// That of the module: to set it takes `CAP_SYS_ADMIN` in the initial user namespace.
    Module,
    /// That of this open device: to set it takes `CAP_SYS_ADMIN` in the caller's own.
    Session,
}

impl Label {
    fn number(self) -> u32 {
        match self {
            Self::Module => uapi::SYSDEMO_LABEL_MODULE,
            Self::Session => uapi::SYSDEMO_LABEL_SESSION,
        }
    }
}

/// How far a batch came.
#[derive(Debug)]
pub struct BatchOutcome {
    /// The results of the calls that were made, in order.
    pub results: Vec<io::Result<i64>>,
    /// Why it ended there, if not all were made.
    pub ended: Option<io::Error>,
}

/// What the table knows of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its number.
    pub nr: u32,
    /// Its name.
    pub name: String,
    /// Type, as C spells it, and name of each parameter.
    pub parameters: Vec<(String, String)>,
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Reads a name up to its zero byte.
fn name(field: &[std::ffi::c_char]) -> String {
    let bytes: Vec<u8> = field
        .iter()
        .map(|c| *c as u8)
        .take_while(|b| *b != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Device {
    /// Opens a device, with close-on-exec set.
    ///
    /// Fails as `open(2)`, or with `ENOTTY` if what is there does not speak this ABI. What it is
    /// asked is `SYSDEMO_IOC_INFO`, whose number the kernel reserves for devices like this one.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let fd = open(path.as_ref(), OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let device = Self { fd };
        if device.info()?.abi < uapi::SYSDEMO_ABI {
            return Err(Errno::NOTTY.into());
        }
        Ok(device)
    }

    /// Makes a call that takes numbers alone: `null`, `getpid`, `gettid`, `sum6` or `clear_label`.
    ///
    /// Fails with `EINVAL` for another one.
    pub fn call(&self, nr: u32, args: &[u64; uapi::SYSDEMO_ARGS_MAX as usize]) -> io::Result<i64> {
        ioctl::call_numbers(self, nr, args)
    }

    /// Does nothing.
    pub fn null(&self) -> io::Result<()> {
        ioctl::call_numbers(self, uapi::SYSDEMO_NR_NULL, &[]).map(drop)
    }

    /// The id of this process in its PID namespace.
    pub fn getpid(&self) -> io::Result<i32> {
        ioctl::call_numbers(self, uapi::SYSDEMO_NR_GETPID, &[]).map(|pid| pid as i32)
    }

    /// The id of this thread in its PID namespace.
    pub fn gettid(&self) -> io::Result<i32> {
        ioctl::call_numbers(self, uapi::SYSDEMO_NR_GETTID, &[]).map(|tid| tid as i32)
    }

    /// The sum of six numbers of mixed width and sign.
    ///
    /// A sum of -4095 to -1 looks like an error, and is taken for one: that is what a system call's
    /// single register for both costs.
    pub fn sum6(&self, a: i8, b: u8, c: i16, d: u16, e: i32, f: u32) -> io::Result<i64> {
        let args = [a as u64, b.into(), c as u64, d.into(), e as u64, f.into()];
        ioctl::call_numbers(self, uapi::SYSDEMO_NR_SUM6, &args)
    }

    /// Copies by way of the kernel as many bytes as both areas have; gives how many. The last byte
    /// goes first if `reverse`.
    ///
    /// Fails with `E2BIG` if there are more than `SYSDEMO_COPY_MAX`.
    pub fn echo(&self, dst: &mut [u8], src: &[u8], reverse: bool) -> io::Result<usize> {
        let flags = u32::from(reverse) * uapi::SYSDEMO_ECHO_REVERSE;
        ioctl::echo(self, dst, src, flags).map(|size| size as usize)
    }

    /// As [`echo`](Self::echo), from one place of an area to another one.
    ///
    /// Fails with `EINVAL` if one of them is not within it.
    pub fn echo_within(
        &self,
        area: &mut [u8],
        dst: usize,
        src: usize,
        size: usize,
        reverse: bool,
    ) -> io::Result<usize> {
        let flags = u32::from(reverse) * uapi::SYSDEMO_ECHO_REVERSE;
        ioctl::echo_within(self, area, dst, src, size, flags).map(|size| size as usize)
    }

    /// Fills an area with a byte, or with bytes that count up from it.
    ///
    /// Fails with `E2BIG` if it is larger than `SYSDEMO_COPY_MAX`.
    pub fn fill(&self, area: &mut [u8], value: u8, count: bool) -> io::Result<usize> {
        let flags = u64::from(count) * u64::from(uapi::SYSDEMO_FILL_COUNT);
        ioctl::fill(self, area, flags, value.into()).map(|len| len as usize)
    }

    /// Who is calling.
    pub fn identity(&self) -> io::Result<sysdemo_identity> {
        ioctl::get(self)
    }

    /// The caller's registers, as the kernel's entry saved them.
    ///
    /// Fails with `EOPNOTSUPP` on an architecture that the module does not know.
    pub fn regs(&self) -> io::Result<sysdemo_regs> {
        ioctl::get(self)
    }

    /// How this CPU enters the kernel.
    ///
    /// Fails with `EPERM` without `CAP_SYS_RAWIO`, and with `EOPNOTSUPP` as [`regs`](Self::regs).
    pub fn entry(&self) -> io::Result<sysdemo_entry> {
        ioctl::get(self)
    }

    /// Sets a label.
    ///
    /// Fails with `ENAMETOOLONG` if it is longer than `SYSDEMO_LABEL_MAX` bytes, and with `EPERM`
    /// for whom it is not.
    pub fn set_label(&self, which: Label, label: &CStr) -> io::Result<()> {
        ioctl::set_label(self, which.number(), label).map(drop)
    }

    /// Gives a label.
    pub fn label(&self, which: Label) -> io::Result<CString> {
        let mut buffer = vec![0; uapi::SYSDEMO_LABEL_MAX as usize + 1];
        let len = ioctl::get_label(self, which.number(), &mut buffer)?;
        buffer.truncate(len as usize);
        CString::from_vec_with_nul(buffer).map_err(io::Error::other)
    }

    /// Empties the module's label.
    ///
    /// Fails with `EPERM` if who opened the device lacked `CAP_SYS_ADMIN`.
    pub fn clear_label(&self) -> io::Result<()> {
        ioctl::call_numbers(self, uapi::SYSDEMO_NR_CLEAR_LABEL, &[]).map(drop)
    }

    /// Sleeps for a time.
    ///
    /// Fails with `EINTR` if a signal's handler ran; what remains is in `time` then, unless that is
    /// an absolute one. Fails with `EINVAL` if the time is negative or has unknown flags.
    pub fn sleep(&self, time: &mut sysdemo_time) -> io::Result<()> {
        ioctl::sleep(self, time).map(drop)
    }

    /// Sleeps if a word has a value, until it is woken or the time, if there is one, is up.
    ///
    /// Fails with `EAGAIN` if it has another value, `ETIMEDOUT` if the time is up, and with
    /// `ENOSPC` if too many wait on this open device; otherwise as [`sleep`](Self::sleep). A
    /// handler with `SA_RESTART` ends it only if there is a time.
    pub fn wait(
        &self,
        word: &AtomicU32,
        expected: u32,
        time: Option<&mut sysdemo_time>,
    ) -> io::Result<()> {
        ioctl::wait(self, word, expected, time).map(drop)
    }

    /// Wakes at most so many of those who wait for a word on this open device; gives how many.
    pub fn wake(&self, word: &AtomicU32, count: u32) -> io::Result<u32> {
        ioctl::wake(self, word, count).map(|woken| woken as u32)
    }

    /// The time, and how often the device was opened and closed.
    pub fn facts(&self) -> io::Result<sysdemo_facts> {
        ioctl::get(self)
    }

    /// Maps the page in which the module tells the same, to be read without a call.
    ///
    /// Fails with `EOPNOTSUPP` if this program's clock is not that in the page.
    pub fn map_vvar(&self) -> io::Result<Vvar> {
        Vvar::map(self)
    }

    /// Makes the rings of this open device, with room for so many submissions, and maps them.
    ///
    /// Fails with `EINVAL` if that is no power of two or more than `SYSDEMO_RING_ENTRIES_MAX`, and
    /// with `EBUSY` if it has some: there are none others for as long as it is open.
    pub fn rings(&self, entries: u32) -> io::Result<Rings<'_>> {
        Rings::new(self.as_fd(), entries)
    }

    /// Opens a file or a directory of the tree. What is given back is a file as any other: it can
    /// be read, written, duplicated and so on, and outlives this device.
    ///
    /// Fails as `openat2(2)` does that is given the root of the tree.
    pub fn open_file(&self, path: &CStr, how: &sysdemo_open_how) -> io::Result<OwnedFd> {
        ioctl::open_file(self, path, how)
    }

    /// Makes a directory.
    ///
    /// Fails as `mkdir(2)`.
    pub fn mkdir(&self, path: &CStr, mode: u32) -> io::Result<()> {
        ioctl::mkdir(self, path, mode)
    }

    /// Takes a file's name away.
    ///
    /// Fails as `unlink(2)`.
    pub fn unlink(&self, path: &CStr) -> io::Result<()> {
        ioctl::unlink(self, path)
    }

    /// Takes an empty directory away.
    ///
    /// Fails as `rmdir(2)`.
    pub fn rmdir(&self, path: &CStr) -> io::Result<()> {
        ioctl::rmdir(self, path)
    }

    /// What a file or a directory is.
    ///
    /// Fails as `stat(2)`.
    pub fn stat(&self, path: &CStr) -> io::Result<sysdemo_stat> {
        ioctl::stat(self, path)
    }

    /// What a directory has in it, in the order in which it was made.
    ///
    /// Fails with `ENOTDIR` if it is no directory, and with `EACCES` for whom it is not to be read.
    pub fn list(&self, path: &CStr) -> io::Result<Vec<Entry>> {
        let mut buffer = vec![0; LIST_SIZE];
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let cursor = entries.last().map_or(0, |entry| entry.cursor);
            let len = ioctl::list(self, path, &mut buffer, cursor)?;
            if len == 0 {
                return Ok(entries);
            }
            entries.extend(Entry::all(&buffer[..len]));
        }
    }

    /// As `read(2)` of a file that [`open_file`](Self::open_file) gave.
    ///
    /// Fails with `EBADF` for another one.
    pub fn read(&self, file: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
        ioctl::read(self, file.as_fd(), buffer)
    }

    /// As `write(2)` to a file that [`open_file`](Self::open_file) gave.
    ///
    /// Fails with `EBADF` for another one.
    pub fn write(&self, file: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
        ioctl::write(self, file.as_fd(), bytes)
    }

    /// Makes several calls that take numbers alone, in order. An error of one ends it unless
    /// `go_on`.
    ///
    /// Fails with `EINVAL` if there are more than `SYSDEMO_BATCH_MAX`, or one that takes an
    /// address.
    pub fn batch(&self, calls: &[(u32, [u64; 6])], go_on: bool) -> io::Result<BatchOutcome> {
        let mut records: Vec<sysdemo_call> = calls
            .iter()
            .map(|(nr, args)| sysdemo_call {
                nr: *nr,
                args: *args,
                ..Default::default()
            })
            .collect();
        let flags = u32::from(go_on) * uapi::SYSDEMO_BATCH_CONTINUE;
        let batch = ioctl::batch_numbers(self, &mut records, flags)?;
        let done = records.iter().take(batch.done as usize);
        Ok(BatchOutcome {
            results: done.map(|record| ioctl::result(record.ret)).collect(),
            ended: ioctl::result(batch.status.into()).err(),
        })
    }

    /// Describes a call.
    ///
    /// Fails with `ENOSYS` if there is none of that number.
    pub fn describe(&self, nr: u32) -> io::Result<Description> {
        let table = ioctl::table(self, nr)?;
        let parameters = table.parameters.iter().take(table.count as usize);
        Ok(Description {
            nr: table.nr,
            name: name(&table.name),
            parameters: parameters
                .map(|p| (name(&p.type_), name(&p.name)))
                .collect(),
        })
    }

    /// What the device offers.
    pub fn info(&self) -> io::Result<sysdemo_info> {
        ioctl::info(self)
    }

    /// Restricts this open device, for all who have it and for good, to some calls.
    ///
    /// Fails with `EINVAL` if a number is not less than `SYSDEMO_RESTRICT_CALLS`.
    pub fn allow_only(&self, calls: &[u32]) -> io::Result<()> {
        let mut request = sysdemo_restrict::default();
        for nr in calls {
            let word = request.allowed.get_mut(*nr as usize / 64);
            *word.ok_or(Errno::INVAL)? |= 1 << (nr % 64);
        }
        ioctl::restrict(self, request)
    }

    /// Switches the log of this open device on, with room for `capacity` records; tells how it is.
    ///
    /// Fails with `EINVAL` if there is no such room, and with `EBUSY` if it is on.
    pub fn log_on(&self, capacity: u32) -> io::Result<sysdemo_log> {
        ioctl::log(self, uapi::SYSDEMO_LOG_ON, capacity)
    }

    /// Switches the log off; tells how it is. What it holds can still be read.
    pub fn log_off(&self) -> io::Result<sysdemo_log> {
        ioctl::log(self, uapi::SYSDEMO_LOG_OFF, 0)
    }

    /// How the log is.
    pub fn log(&self) -> io::Result<sysdemo_log> {
        ioctl::log(self, 0, 0)
    }

    /// Takes records out of the log, at least one and `count` at most. Waits for the first, unless
    /// `O_NONBLOCK` is set.
    ///
    /// Fails with `EAGAIN` if it would have to wait and must not, with `ENODATA` if the log is off
    /// and empty, and with `EINVAL` if `count` is 0.
    pub fn read_log(&self, count: usize) -> io::Result<Vec<sysdemo_log_record>> {
        // More than a log can hold is no use.
        let count = count.min(uapi::SYSDEMO_LOG_CAPACITY_MAX as usize);
        let mut bytes = vec![0; count * size_of::<sysdemo_log_record>()];
        let len = read(self, &mut bytes)?;
        let records = bytes[..len].chunks_exact(size_of::<sysdemo_log_record>());
        Ok(records
            .filter_map(|bytes| bytes.try_into().ok())
            .map(ioctl::record)
            .collect())
    }
}
