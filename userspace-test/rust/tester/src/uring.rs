// SPDX-License-Identifier: GPL-2.0

//! Commands by io_uring, with the crate of that name.

use crate::ktap::Tests;
use io_uring::IoUring;
use io_uring::cqueue;
use io_uring::opcode::{AsyncCancel, UringCmd16, UringCmd80};
use io_uring::squeue::{self, EntryMarker, Flags};
use io_uring::types::Fd;
use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;
use rustix::process::getpid;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};
use sysdemo::{Device, ioctl, uapi};

/// Entries of a ring.
const ENTRIES: u32 = 64;

/// How long nothing that does not wait takes, on whatever machine.
const SOON: Duration = Duration::from_secs(1);

/// A record of a call.
fn record(nr: u32, args: [u64; 6]) -> uapi::sysdemo_call {
    uapi::sysdemo_call {
        nr,
        args,
        ..Default::default()
    }
}

/// What an entry has room for in which kind.
fn plain(fd: impl AsFd, command: u32, arg: u64) -> squeue::Entry {
    let mut cmd = [0; 16];
    cmd[..8].copy_from_slice(&arg.to_ne_bytes());
    UringCmd16::new(Fd(fd.as_fd().as_raw_fd()), command)
        .cmd(cmd)
        .build()
}

/// The record itself, in an entry of the larger kind.
fn wide(fd: impl AsFd, call: &uapi::sysdemo_call) -> squeue::Entry128 {
    let mut cmd = [0; 80];
    cmd[..4].copy_from_slice(&call.nr.to_ne_bytes());
    cmd[4..8].copy_from_slice(&call.flags.to_ne_bytes());
    for (place, arg) in cmd[8..56].chunks_exact_mut(8).zip(call.args) {
        place.copy_from_slice(&arg.to_ne_bytes());
    }
    UringCmd80::new(Fd(fd.as_fd().as_raw_fd()), ioctl::CALL)
        .cmd(cmd)
        .build()
}

/// Submits one entry, and waits for what comes of it.
fn submit<S: EntryMarker, C: cqueue::EntryMarker>(ring: &mut IoUring<S, C>, entry: S) -> C {
    // SAFETY: What the entry has the address of is there until it is done.
    unsafe { ring.submission().push(&entry) }.unwrap();
    ring.submit_and_wait(1).unwrap();
    ring.completion().next().unwrap()
}

fn ring() -> IoUring {
    IoUring::new(ENTRIES).unwrap()
}

fn wide_ring() -> IoUring<squeue::Entry128, cqueue::Entry32> {
    IoUring::builder().build(ENTRIES).unwrap()
}

/// A negative error number.
fn minus(error: Errno) -> i32 {
    -error.raw_os_error()
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    let pid = getpid().as_raw_nonzero().get();

    tests.add("uring_call", move |device| {
        let mut ring = ring();
        let mut call = record(uapi::SYSDEMO_NR_GETPID, [0; 6]);
        let done = submit(&mut ring, plain(device, ioctl::CALL, &raw mut call as u64));
        assert_eq!((done.result(), call.ret), (pid, pid.into()));
        // What does not fit into the completion.
        let mut call = record(uapi::SYSDEMO_NR_SUM3, [1 << 40, 1, 2, 0, 0, 0]);
        let done = submit(&mut ring, plain(device, ioctl::CALL, &raw mut call as u64));
        assert_eq!(done.result(), minus(Errno::OVERFLOW));
        assert_eq!(call.ret, (1 << 40) + 3);
        // Numbers that mean something else between the module and io_uring.
        for number in [11, 529, 512, 125, 1] {
            let mut call = record(uapi::SYSDEMO_NR_SUM6, [0, 0, 0, 0, -number as u64, 0]);
            let done = submit(&mut ring, plain(device, ioctl::CALL, &raw mut call as u64));
            assert_eq!(i64::from(done.result()), -number);
            assert_eq!(call.ret, -number);
        }
        assert_eq!(device.info().unwrap().calls_made, 7);
    });
    tests.add("uring_call_in_the_entry", move |device| {
        let mut ring = wide_ring();
        let done = submit(
            &mut ring,
            wide(device, &record(uapi::SYSDEMO_NR_GETPID, [0; 6])),
        );
        assert_eq!(done.result(), pid);
        assert_eq!(done.big_cqe()[0], pid as u64);
        let call = record(uapi::SYSDEMO_NR_SUM3, [u64::MAX, 1 << 40, 0, 0, 0, 0]);
        let done = submit(&mut ring, wide(device, &call));
        assert_eq!(done.result(), minus(Errno::OVERFLOW));
        assert_eq!(done.big_cqe()[0], (1 << 40) - 1);
        let done = submit(&mut ring, wide(device, &record(u32::MAX, [0; 6])));
        assert_eq!(done.result(), minus(Errno::NOSYS));
        let mut call = record(uapi::SYSDEMO_NR_NULL, [0; 6]);
        call.flags = 1;
        let done = submit(&mut ring, wide(device, &call));
        assert_eq!(done.result(), minus(Errno::INVAL));
        assert_eq!(device.info().unwrap().calls_made, 3);
    });
    tests.add("uring_other_commands", |device| {
        let mut ring = ring();
        let mut info = uapi::sysdemo_info::default();
        let done = submit(&mut ring, plain(device, ioctl::INFO, &raw mut info as u64));
        assert_eq!(done.result(), 0);
        assert_eq!(info.abi, uapi::SYSDEMO_ABI);
        let mut calls = [record(uapi::SYSDEMO_NR_GETPID, [0; 6]); 3];
        let mut batch = uapi::sysdemo_batch {
            calls: calls.as_mut_ptr() as u64,
            count: 3,
            ..Default::default()
        };
        let done = submit(
            &mut ring,
            plain(device, ioctl::BATCH, &raw mut batch as u64),
        );
        assert_eq!((done.result(), batch.done), (0, 3));
        let done = submit(&mut ring, plain(device, ioctl::CALL + 77, 0));
        assert_eq!(done.result(), minus(Errno::NOTTY));
        let done = submit(&mut ring, plain(device, ioctl::ENTER, 1));
        assert_eq!(done.result(), minus(Errno::NXIO));
    });
    tests.add("uring_bad_pointers", |device| {
        let mut ring = ring();
        for address in [0, 1, u64::MAX, 0xffff_8880_0000_1000, 0xffff_ffff_8100_0000] {
            for command in [ioctl::CALL, ioctl::INFO, ioctl::BATCH, ioctl::LOG] {
                let done = submit(&mut ring, plain(device, command, address));
                assert_eq!(done.result(), minus(Errno::FAULT), "{command:#x}");
            }
        }
        assert_eq!(device.info().unwrap().calls_made, 0);
    });
    tests.add("uring_what_has_to_be_zero", |device| {
        let mut ring = ring();
        let mut call = record(uapi::SYSDEMO_NR_NULL, [0; 6]);
        let fd = Fd(device.as_fd().as_raw_fd());
        for byte in 8..16 {
            let mut cmd = [0; 16];
            cmd[..8].copy_from_slice(&(&raw mut call as u64).to_ne_bytes());
            cmd[byte] = 1;
            for command in [ioctl::CALL, ioctl::INFO] {
                let entry = UringCmd16::new(fd, command).cmd(cmd).build();
                assert_eq!(submit(&mut ring, entry).result(), minus(Errno::INVAL));
            }
        }
        let mut wide = wide_ring();
        for byte in 64..80 {
            let mut cmd = [0; 80];
            cmd[byte] = 1;
            let entry = UringCmd80::new(fd, ioctl::CALL).cmd(cmd).build();
            assert_eq!(submit(&mut wide, entry).result(), minus(Errno::INVAL));
        }
        assert_eq!(device.info().unwrap().calls_made, 0);
    });
    tests.add("uring_depth", move |device| {
        let mut ring = ring();
        for round in 0..50_u64 {
            let mut calls: Vec<_> = (0..u64::from(ENTRIES))
                .map(|i| record(uapi::SYSDEMO_NR_SUM3, [round, i, 0, 0, 0, 0]))
                .collect();
            for (i, call) in calls.iter_mut().enumerate() {
                let entry = plain(device, ioctl::CALL, &raw mut *call as u64);
                // SAFETY: The records are there until all is done.
                unsafe { ring.submission().push(&entry.user_data(i as u64)) }.unwrap();
            }
            ring.submit_and_wait(ENTRIES as usize).unwrap();
            let mut seen = 0;
            for done in ring.completion() {
                assert_eq!(done.result() as u64, round + done.user_data());
                seen += 1;
            }
            assert_eq!(seen, ENTRIES);
            for (i, call) in calls.iter().enumerate() {
                assert_eq!(call.ret as u64, round + i as u64);
            }
        }
    });
    tests.add("uring_by_a_worker", move |device| {
        let mut ring = ring();
        let mut call = record(uapi::SYSDEMO_NR_GETPID, [0; 6]);
        let entry = plain(device, ioctl::CALL, &raw mut call as u64).flags(Flags::ASYNC);
        assert_eq!(submit(&mut ring, entry).result(), pid);
        let mut call = record(uapi::SYSDEMO_NR_GETTID, [0; 6]);
        let entry = plain(device, ioctl::CALL, &raw mut call as u64).flags(Flags::ASYNC);
        assert_ne!(submit(&mut ring, entry).result(), pid);
        // An EAGAIN of the call's own is not taken for one of io_uring's, and made again.
        let word = 5_u32;
        let args = [&raw const word as u64, 6, 0, 0, 0, 0];
        for flags in [Flags::empty(), Flags::ASYNC] {
            let before = device.info().unwrap().calls_made;
            let mut call = record(uapi::SYSDEMO_NR_WAIT, args);
            let entry = plain(device, ioctl::CALL, &raw mut call as u64).flags(flags);
            assert_eq!(submit(&mut ring, entry).result(), minus(Errno::AGAIN));
            assert_eq!(call.ret, minus(Errno::AGAIN).into());
            assert_eq!(device.info().unwrap().calls_made, before + 1);
        }
    });
    tests.add("uring_what_sleeps_does_not_hold_up", move |device| {
        let mut ring = wide_ring();
        let word = AtomicU32::new(1);
        let wait = record(uapi::SYSDEMO_NR_WAIT, [word.as_ptr() as u64, 1, 0, 0, 0, 0]);
        let start = Instant::now();
        let entry = wide(device, &wait).user_data(1);
        // SAFETY: The word is there until all is done.
        unsafe { ring.submission().push(&entry) }.unwrap();
        ring.submit().unwrap();
        assert!(start.elapsed() < SOON, "it waited");
        // What comes after it goes before it.
        let entry = wide(device, &record(uapi::SYSDEMO_NR_GETPID, [0; 6])).user_data(2);
        let done = submit(&mut ring, entry);
        assert_eq!((done.user_data(), done.result()), (2, pid));
        while device.wake(&word, 1).unwrap() == 0 {
            std::thread::yield_now();
        }
        ring.submit_and_wait(1).unwrap();
        let done = ring.completion().next().unwrap();
        assert_eq!((done.user_data(), done.result()), (1, 0));
    });
    tests.add("uring_sleep_is_cancelled", |device| {
        let mut ring = ring();
        let mut time = uapi::sysdemo_time {
            flags: 0,
            time: i64::MAX,
        };
        let args = [&raw mut time as u64, 16, 0, 0, 0, 0];
        let mut call = record(uapi::SYSDEMO_NR_SLEEP, args);
        let entry = plain(device, ioctl::CALL, &raw mut call as u64).user_data(1);
        // SAFETY: Both are there until it is done.
        unsafe { ring.submission().push(&entry) }.unwrap();
        ring.submit().unwrap();
        // Not before it sleeps: it would not be called then.
        while device.info().unwrap().calls_made == 0 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(50));
        let cancel = AsyncCancel::new(1).build().user_data(2);
        // SAFETY: It has no addresses.
        unsafe { ring.submission().push(&cancel) }.unwrap();
        ring.submit_and_wait(2).unwrap();
        let mut results: Vec<_> = ring
            .completion()
            .map(|done| (done.user_data(), done.result()))
            .collect();
        results.sort_unstable();
        assert_eq!(results[0], (1, minus(Errno::INTR)));
        assert_eq!(call.ret, minus(Errno::INTR).into());
    });
    tests.add("uring_is_restricted_alike", move |device| {
        device.allow_only(&[uapi::SYSDEMO_NR_GETPID]).unwrap();
        let mut ring = wide_ring();
        let done = submit(
            &mut ring,
            wide(device, &record(uapi::SYSDEMO_NR_NULL, [0; 6])),
        );
        assert_eq!(done.result(), minus(Errno::PERM));
        let done = submit(
            &mut ring,
            wide(device, &record(uapi::SYSDEMO_NR_GETPID, [0; 6])),
        );
        assert_eq!(done.result(), pid);
    });
    tests.add_with_path("uring_in_many_threads", |path| {
        let device = Device::open(path).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let device = &device;
                scope.spawn(move || {
                    let mut ring = wide_ring();
                    for i in 0..500 {
                        let call = record(uapi::SYSDEMO_NR_SUM3, [thread, i, 0, 0, 0, 0]);
                        let done = submit(&mut ring, wide(device, &call));
                        assert_eq!(done.big_cqe()[0], thread + i);
                    }
                });
            }
        });
        assert_eq!(device.info().unwrap().calls_made, 2000);
    });
}
