// SPDX-License-Identifier: GPL-2.0

//! The commands and calls that take addresses: every `unsafe` of the library.
//!
//! The safe functions here turn references into addresses and sizes, so that the kernel is never
//! told of more memory than there is. [`call`] is the one that takes anything.

use crate::uapi::{
    self, sysdemo_batch, sysdemo_call, sysdemo_fill, sysdemo_info, sysdemo_log, sysdemo_log_record,
    sysdemo_open_how, sysdemo_restrict, sysdemo_ring, sysdemo_stat, sysdemo_table, sysdemo_time,
};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::Errno;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, Setter, Updater, ioctl, opcode};
use std::ffi::{CStr, c_void};
use std::io;
use std::ptr;
use std::sync::atomic::AtomicU32;

const TYPE: u8 = uapi::SYSDEMO_IOC_TYPE;

/// Number of `SYSDEMO_IOC_CALL`.
pub const CALL: Opcode = opcode::read_write::<sysdemo_call>(TYPE, uapi::SYSDEMO_IOC_NR_CALL as u8);
/// Number of `SYSDEMO_IOC_BATCH`.
pub const BATCH: Opcode =
    opcode::read_write::<sysdemo_batch>(TYPE, uapi::SYSDEMO_IOC_NR_BATCH as u8);
/// Number of `SYSDEMO_IOC_TABLE`.
pub const TABLE: Opcode =
    opcode::read_write::<sysdemo_table>(TYPE, uapi::SYSDEMO_IOC_NR_TABLE as u8);
/// Number of `SYSDEMO_IOC_INFO`.
pub const INFO: Opcode = opcode::read::<sysdemo_info>(TYPE, uapi::SYSDEMO_IOC_NR_INFO as u8);
/// Number of `SYSDEMO_IOC_RESTRICT`.
pub const RESTRICT: Opcode =
    opcode::write::<sysdemo_restrict>(TYPE, uapi::SYSDEMO_IOC_NR_RESTRICT as u8);
/// Number of `SYSDEMO_IOC_LOG`.
pub const LOG: Opcode = opcode::read_write::<sysdemo_log>(TYPE, uapi::SYSDEMO_IOC_NR_LOG as u8);

/// Number of `SYSDEMO_IOC_RING`.
pub const RING: Opcode = opcode::read_write::<sysdemo_ring>(TYPE, uapi::SYSDEMO_IOC_NR_RING as u8);
/// Number of `SYSDEMO_IOC_ENTER`.
pub const ENTER: Opcode = opcode::none(TYPE, uapi::SYSDEMO_IOC_NR_ENTER as u8);

/// Highest error number that a result can carry, the kernel's `MAX_ERRNO`.
const MAX_ERRNO: i64 = 4095;

/// Turns what a call gives back into a value or an error, as a C library does.
pub(crate) fn result(ret: i64) -> io::Result<i64> {
    if (-MAX_ERRNO..0).contains(&ret) {
        Err(io::Error::from_raw_os_error(-ret as i32))
    } else {
        Ok(ret)
    }
}

/// Makes a call with the given registers.
///
/// Fails as the command does, or with the error that the call gives.
///
/// # Safety
///
/// Registers that the call takes for addresses must be those of memory that it may read or write as
/// far as its other arguments say, or of none at all.
pub unsafe fn call(fd: impl AsFd, nr: u32, args: &[u64]) -> io::Result<i64> {
    let mut record = sysdemo_call {
        nr,
        ..Default::default()
    };
    record.args[..args.len()].copy_from_slice(args);
    // SAFETY: The command reads and writes one such structure; what the call does with memory is
    // the caller's promise.
    unsafe { ioctl(fd, Updater::<CALL, _>::new(&mut record)) }?;
    result(record.ret)
}

/// Makes a call that takes numbers alone.
///
/// Fails with [`Errno::INVAL`] if the call is not one that is known to.
pub(crate) fn call_numbers(fd: impl AsFd, nr: u32, args: &[u64]) -> io::Result<i64> {
    if !takes_numbers(nr) {
        return Err(Errno::INVAL.into());
    }
    // SAFETY: The call takes no addresses.
    unsafe { call(fd, nr, args) }
}

/// Whether a call is known to take numbers alone. One that is not known at all may take addresses
/// in a newer module.
pub(crate) fn takes_numbers(nr: u32) -> bool {
    matches!(
        nr,
        uapi::SYSDEMO_NR_NULL
            | uapi::SYSDEMO_NR_GETPID
            | uapi::SYSDEMO_NR_GETTID
            | uapi::SYSDEMO_NR_SUM6
            | uapi::SYSDEMO_NR_SUM3
            | uapi::SYSDEMO_NR_CLEAR_LABEL
    )
}

/// `SYSDEMO_NR_ECHO`, for as many bytes as both areas have.
pub(crate) fn echo(fd: impl AsFd, dst: &mut [u8], src: &[u8], flags: u32) -> io::Result<i64> {
    let size = dst.len().min(src.len());
    let args = [
        dst.as_mut_ptr() as u64,
        src.as_ptr() as u64,
        size as u64,
        flags.into(),
    ];
    // SAFETY: Both areas have at least `size` bytes, and the one that is written is borrowed for
    // it.
    unsafe { call(fd, uapi::SYSDEMO_NR_ECHO, &args) }
}

/// `SYSDEMO_NR_ECHO` within one area, where the two places may overlap.
///
/// Fails with [`Errno::INVAL`] if one of them is not within the area.
pub(crate) fn echo_within(
    fd: impl AsFd,
    area: &mut [u8],
    dst: usize,
    src: usize,
    size: usize,
    flags: u32,
) -> io::Result<i64> {
    let fits = |start: usize| start.checked_add(size).is_some_and(|end| end <= area.len());
    if !fits(dst) || !fits(src) {
        return Err(Errno::INVAL.into());
    }
    let base = area.as_mut_ptr() as u64;
    let args = [
        base + dst as u64,
        base + src as u64,
        size as u64,
        flags.into(),
    ];
    // SAFETY: Both places are within the area, which is borrowed for writing.
    unsafe { call(fd, uapi::SYSDEMO_NR_ECHO, &args) }
}

/// `SYSDEMO_NR_FILL`
pub(crate) fn fill(fd: impl AsFd, area: &mut [u8], flags: u64, value: u64) -> io::Result<i64> {
    let how = sysdemo_fill {
        dst: area.as_mut_ptr() as u64,
        len: area.len() as u64,
        flags,
        value,
    };
    let args = [&raw const how as u64, size_of_val(&how) as u64];
    // SAFETY: The structure is there, and so is the area that it speaks of.
    unsafe { call(fd, uapi::SYSDEMO_NR_FILL, &args) }
}

/// `SYSDEMO_NR_SLEEP`
pub(crate) fn sleep(fd: impl AsFd, time: &mut sysdemo_time) -> io::Result<i64> {
    let args = [&raw mut *time as u64, size_of_val(time) as u64];
    // SAFETY: The structure is there, and borrowed for writing.
    unsafe { call(fd, uapi::SYSDEMO_NR_SLEEP, &args) }
}

/// `SYSDEMO_NR_WAIT`
pub(crate) fn wait(
    fd: impl AsFd,
    word: &AtomicU32,
    expected: u32,
    time: Option<&mut sysdemo_time>,
) -> io::Result<i64> {
    let (time, size) = match time {
        Some(time) => (&raw mut *time as u64, size_of_val(time) as u64),
        None => (0, 0),
    };
    let args = [word.as_ptr() as u64, expected.into(), time, size];
    // SAFETY: The word is there, and is read as an atomic one may be. The structure, if there is
    // one, is borrowed for writing.
    unsafe { call(fd, uapi::SYSDEMO_NR_WAIT, &args) }
}

/// `SYSDEMO_NR_WAKE`
pub(crate) fn wake(fd: impl AsFd, word: &AtomicU32, count: u32) -> io::Result<i64> {
    let args = [word.as_ptr() as u64, count.into()];
    // SAFETY: The call takes an address, but touches nothing there.
    unsafe { call(fd, uapi::SYSDEMO_NR_WAKE, &args) }
}

/// A structure that a call fills in, whatever bytes it puts there.
///
/// # Safety
///
/// [`NR`](Self::NR) is a call that takes the address and the size of such a structure and writes
/// it, and any bytes are a value of it.
pub unsafe trait Out: Default {
    /// Number of the call.
    const NR: u32;
}

// SAFETY: The call writes this structure, which is made of integers.
unsafe impl Out for uapi::sysdemo_identity {
    const NR: u32 = uapi::SYSDEMO_NR_IDENTITY;
}

// SAFETY: The call writes this structure, which is made of integers.
unsafe impl Out for uapi::sysdemo_regs {
    const NR: u32 = uapi::SYSDEMO_NR_REGS;
}

// SAFETY: The call writes this structure, which is made of integers.
unsafe impl Out for uapi::sysdemo_entry {
    const NR: u32 = uapi::SYSDEMO_NR_ENTRY;
}

// SAFETY: The call writes this structure, which is made of integers.
unsafe impl Out for uapi::sysdemo_facts {
    const NR: u32 = uapi::SYSDEMO_NR_FACTS;
}

/// Makes a call that fills in a structure.
pub(crate) fn get<T: Out>(fd: impl AsFd) -> io::Result<T> {
    let mut out = T::default();
    let args = [&raw mut out as u64, size_of::<T>() as u64];
    // SAFETY: By `Out`, the call writes such a structure at that address, of at most that size.
    unsafe { call(fd, T::NR, &args) }?;
    Ok(out)
}

/// `SYSDEMO_NR_SET_LABEL`
pub(crate) fn set_label(fd: impl AsFd, which: u32, label: &CStr) -> io::Result<i64> {
    let args = [which.into(), label.as_ptr() as u64];
    // SAFETY: The call reads a string up to its zero byte, which a `CStr` has.
    unsafe { call(fd, uapi::SYSDEMO_NR_SET_LABEL, &args) }
}

/// `SYSDEMO_NR_GET_LABEL`
pub(crate) fn get_label(fd: impl AsFd, which: u32, buffer: &mut [u8]) -> io::Result<i64> {
    let args = [
        which.into(),
        buffer.as_mut_ptr() as u64,
        buffer.len() as u64,
    ];
    // SAFETY: The call writes at most that many bytes there.
    unsafe { call(fd, uapi::SYSDEMO_NR_GET_LABEL, &args) }
}

/// A path as a call reads it: up to the zero byte, which a `CStr` has.
fn path_address(path: &CStr) -> u64 {
    path.as_ptr() as u64
}

/// `SYSDEMO_NR_OPEN`
pub(crate) fn open_file(fd: impl AsFd, path: &CStr, how: &sysdemo_open_how) -> io::Result<OwnedFd> {
    let args = [
        path_address(path),
        &raw const *how as u64,
        size_of_val(how) as u64,
    ];
    // SAFETY: The call reads a string and such a structure.
    let file = unsafe { call(fd, uapi::SYSDEMO_NR_OPEN, &args) }?;
    // SAFETY: The call has just opened it, for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(file as RawFd) })
}

/// A call that takes a path and perhaps a number: `SYSDEMO_NR_MKDIR`, `SYSDEMO_NR_UNLINK`,
/// `SYSDEMO_NR_RMDIR`.
///
/// # Safety
///
/// The call with that number must be one of these.
unsafe fn name(fd: impl AsFd, nr: u32, path: &CStr, number: u32) -> io::Result<()> {
    // SAFETY: By the caller's promise, the call reads a string and nothing else.
    unsafe { call(fd, nr, &[path_address(path), number.into()]) }.map(drop)
}

/// `SYSDEMO_NR_MKDIR`
pub(crate) fn mkdir(fd: impl AsFd, path: &CStr, mode: u32) -> io::Result<()> {
    // SAFETY: It is one of these calls.
    unsafe { name(fd, uapi::SYSDEMO_NR_MKDIR, path, mode) }
}

/// `SYSDEMO_NR_UNLINK`
pub(crate) fn unlink(fd: impl AsFd, path: &CStr) -> io::Result<()> {
    // SAFETY: It is one of these calls.
    unsafe { name(fd, uapi::SYSDEMO_NR_UNLINK, path, 0) }
}

/// `SYSDEMO_NR_RMDIR`
pub(crate) fn rmdir(fd: impl AsFd, path: &CStr) -> io::Result<()> {
    // SAFETY: It is one of these calls.
    unsafe { name(fd, uapi::SYSDEMO_NR_RMDIR, path, 0) }
}

/// `SYSDEMO_NR_STAT`
pub(crate) fn stat(fd: impl AsFd, path: &CStr) -> io::Result<sysdemo_stat> {
    let mut out = sysdemo_stat::default();
    let args = [
        path_address(path),
        &raw mut out as u64,
        size_of_val(&out) as u64,
    ];
    // SAFETY: The call reads a string and writes one such structure, which is made of integers.
    unsafe { call(fd, uapi::SYSDEMO_NR_STAT, &args) }?;
    Ok(out)
}

/// `SYSDEMO_NR_LIST`
pub(crate) fn list(
    fd: impl AsFd,
    path: &CStr,
    buffer: &mut [u8],
    cursor: u64,
) -> io::Result<usize> {
    let args = [
        path_address(path),
        buffer.as_mut_ptr() as u64,
        buffer.len() as u64,
        cursor,
    ];
    // SAFETY: The call reads a string and writes at most as many bytes as the buffer has.
    unsafe { call(fd, uapi::SYSDEMO_NR_LIST, &args) }.map(|len| len as usize)
}

/// `SYSDEMO_NR_READ`
pub(crate) fn read(fd: impl AsFd, file: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let args = [
        file.as_raw_fd() as u64,
        buffer.as_mut_ptr() as u64,
        buffer.len() as u64,
    ];
    // SAFETY: The call writes at most as many bytes as the buffer has.
    unsafe { call(fd, uapi::SYSDEMO_NR_READ, &args) }.map(|count| count as usize)
}

/// `SYSDEMO_NR_WRITE`
pub(crate) fn write(fd: impl AsFd, file: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let args = [
        file.as_raw_fd() as u64,
        bytes.as_ptr() as u64,
        bytes.len() as u64,
    ];
    // SAFETY: The call reads as many bytes as there are.
    unsafe { call(fd, uapi::SYSDEMO_NR_WRITE, &args) }.map(|count| count as usize)
}

/// `SYSDEMO_IOC_BATCH`: makes the calls of an array of records. `done` is how many have a result,
/// `status` why it ended there.
///
/// # Safety
///
/// As for [`call`], for each of the records.
pub unsafe fn batch(
    fd: impl AsFd,
    records: &mut [sysdemo_call],
    flags: u32,
) -> io::Result<sysdemo_batch> {
    let mut batch = sysdemo_batch {
        calls: records.as_mut_ptr() as u64,
        count: u32::try_from(records.len()).map_err(|_| Errno::INVAL)?,
        flags,
        ..Default::default()
    };
    // SAFETY: The command reads and writes one such structure and as many records as it says; what
    // the calls do with memory is the caller's promise.
    unsafe { ioctl(fd, Updater::<BATCH, _>::new(&mut batch)) }?;
    Ok(batch)
}

/// Makes calls that take numbers alone, as a batch.
///
/// Fails with [`Errno::INVAL`] if one of the calls is not one that is known to.
pub(crate) fn batch_numbers(
    fd: impl AsFd,
    records: &mut [sysdemo_call],
    flags: u32,
) -> io::Result<sysdemo_batch> {
    if !records.iter().all(|record| takes_numbers(record.nr)) {
        return Err(Errno::INVAL.into());
    }
    // SAFETY: None of the calls takes addresses.
    unsafe { batch(fd, records, flags) }
}

/// `SYSDEMO_IOC_TABLE`
pub(crate) fn table(fd: impl AsFd, nr: u32) -> io::Result<sysdemo_table> {
    let mut table = sysdemo_table {
        nr,
        ..Default::default()
    };
    // SAFETY: The command reads and writes one such structure.
    unsafe { ioctl(fd, Updater::<TABLE, _>::new(&mut table)) }?;
    Ok(table)
}

/// `SYSDEMO_IOC_INFO`
pub(crate) fn info(fd: impl AsFd) -> io::Result<sysdemo_info> {
    // Not a `Getter`, which takes it for granted that the structure has been written: this is the
    // command by which a device is found out to be another one.
    let mut info = sysdemo_info::default();
    // SAFETY: The command writes at most one such structure.
    unsafe { ioctl(fd, Updater::<INFO, _>::new(&mut info)) }?;
    Ok(info)
}

/// `SYSDEMO_IOC_RESTRICT`
pub(crate) fn restrict(fd: impl AsFd, request: sysdemo_restrict) -> io::Result<()> {
    // SAFETY: The command reads one such structure.
    Ok(unsafe { ioctl(fd, Setter::<RESTRICT, _>::new(request)) }?)
}

/// `SYSDEMO_IOC_LOG`
pub(crate) fn log(fd: impl AsFd, flags: u32, capacity: u32) -> io::Result<sysdemo_log> {
    let mut log = sysdemo_log {
        flags,
        capacity,
        ..Default::default()
    };
    // SAFETY: The command reads and writes one such structure.
    unsafe { ioctl(fd, Updater::<LOG, _>::new(&mut log)) }?;
    Ok(log)
}

/// `SYSDEMO_IOC_RING`: makes the rings of an open device, or tells of them if `entries` is 0.
pub fn ring(fd: impl AsFd, entries: u32) -> io::Result<sysdemo_ring> {
    let mut ring = sysdemo_ring {
        entries,
        ..Default::default()
    };
    // SAFETY: The command reads and writes one such structure.
    unsafe { ioctl(fd, Updater::<RING, _>::new(&mut ring)) }?;
    Ok(ring)
}

/// A command whose argument is a number, and that gives one.
struct Enter(u32);

// SAFETY: The command takes no address.
unsafe impl Ioctl for Enter {
    type Output = u32;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        ENTER
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::without_provenance_mut(self.0 as usize)
    }

    unsafe fn output_from_ptr(out: IoctlOutput, _arg: *mut c_void) -> rustix::io::Result<u32> {
        // What failed has not come here.
        u32::try_from(out).map_err(|_| Errno::IO)
    }
}

/// `SYSDEMO_IOC_ENTER`: has calls made that are in the rings, `count` at most; gives how many.
pub fn enter(fd: impl AsFd, count: u32) -> io::Result<u32> {
    // SAFETY: The command has a number for its argument. What the calls do with memory was the
    // promise of who put them in.
    Ok(unsafe { ioctl(fd, Enter(count)) }?)
}

/// A record of the log, of the bytes that `read(2)` gave.
pub(crate) fn record(bytes: &[u8; size_of::<sysdemo_log_record>()]) -> sysdemo_log_record {
    // SAFETY: The structure is made of integers without padding: any bytes are a value of it, and
    // these need not be aligned.
    unsafe { bytes.as_ptr().cast::<sysdemo_log_record>().read_unaligned() }
}
