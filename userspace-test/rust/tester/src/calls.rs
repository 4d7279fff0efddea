// SPDX-License-Identifier: GPL-2.0

//! Each call and each command of the library, compared with the system call that does the same
//! where there is one.

use crate::ktap::Tests;
use rustix::io::Errno;
use rustix::process::{getegid, geteuid, getgid, getpid, getuid};
use rustix::thread::gettid;
use std::ffi::CString;
use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};
use sysdemo::{Device, Label, ioctl, uapi};

/// The error number of a result.
#[track_caller]
pub(crate) fn error<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::from_io_error(&result.expect_err("it fails")).expect("it has an error number")
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("null", |device| device.null().unwrap());
    tests.add("getpid", |device| {
        assert_eq!(device.getpid().unwrap(), getpid().as_raw_nonzero().get());
    });
    tests.add("gettid", |device| {
        assert_eq!(device.gettid().unwrap(), gettid().as_raw_nonzero().get());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(device.gettid().unwrap(), gettid().as_raw_nonzero().get());
                assert_ne!(device.gettid().unwrap(), device.getpid().unwrap());
            });
        });
    });
    tests.add("sum6", |device| {
        assert_eq!(device.sum6(-1, 2, -3, 4, -5, 6).unwrap(), 3);
        let sum = device.sum6(i8::MIN, u8::MAX, i16::MIN, u16::MAX, i32::MIN, u32::MAX);
        assert_eq!(
            sum.unwrap(),
            -128 + 255 - 32768 + 65535 - 2147483648 + 4294967295
        );
    });
    tests.add("identity", |device| {
        let identity = device.identity().unwrap();
        assert_eq!(identity.uid, getuid().as_raw());
        assert_eq!(identity.euid, geteuid().as_raw());
        assert_eq!(identity.gid, getgid().as_raw());
        assert_eq!(identity.egid, getegid().as_raw());
        assert_eq!(identity.pad, 0);
    });
    tests.add("regs", |device| {
        let regs = device.regs().unwrap();
        assert_eq!(regs.compat, 0);
        assert_eq!(regs.cx, regs.ip);
        assert_eq!(regs.r11, regs.flags);
    });
    tests.add("entry", |device| {
        assert_ne!(device.entry().unwrap().fmask, 0);
    });
    tests.add("echo_of_too_much", |device| {
        let mut area = vec![0; uapi::SYSDEMO_COPY_MAX as usize + 1];
        let len = area.len();
        assert_eq!(
            error(device.echo_within(&mut area, 0, 0, len, false)),
            Errno::TOOBIG
        );
        assert_eq!(error(device.fill(&mut area, 0, false)), Errno::TOOBIG);
        area.truncate(len - 1);
        assert_eq!(device.fill(&mut area, 7, false).unwrap(), len - 1);
        assert!(area.iter().all(|byte| *byte == 7));
    });
    tests.add("labels", |device| {
        for which in [Label::Module, Label::Session] {
            device.set_label(which, c"from Rust").unwrap();
            assert_eq!(device.label(which).unwrap().as_c_str(), c"from Rust");
            let longest = CString::new(vec![b'x'; uapi::SYSDEMO_LABEL_MAX as usize]).unwrap();
            device.set_label(which, &longest).unwrap();
            assert_eq!(device.label(which).unwrap(), longest);
            let longer = CString::new(vec![b'x'; uapi::SYSDEMO_LABEL_MAX as usize + 1]).unwrap();
            assert_eq!(error(device.set_label(which, &longer)), Errno::NAMETOOLONG);
            assert_eq!(device.label(which).unwrap(), longest);
        }
        device.clear_label().unwrap();
        assert_eq!(device.label(Label::Module).unwrap().as_c_str(), c"");
    });
    add_sleeping(tests);
    tests.add("info", |device| {
        let info = device.info().unwrap();
        assert_eq!(info.abi, uapi::SYSDEMO_ABI);
        assert_eq!(info.calls, uapi::SYSDEMO_NR_CALLS);
        assert_eq!(info.restricted, 0);
    });
    tests.add_with_path("commands_have_the_numbers_of_the_header", |_| {
        assert_eq!(ioctl::CALL, 0xc0407c90);
        assert_eq!(ioctl::BATCH, 0xc0187c91);
        assert_eq!(ioctl::TABLE, 0xc1a87c92);
        assert_eq!(ioctl::INFO, 0x80207c93);
        assert_eq!(ioctl::RESTRICT, 0x40207c94);
        assert_eq!(ioctl::LOG, 0xc0187c95);
        assert_eq!(ioctl::RING, 0xc0207c96);
        assert_eq!(ioctl::ENTER, 0x7c97);
    });
    tests.add("describe", |device| {
        let echo = device.describe(uapi::SYSDEMO_NR_ECHO).unwrap();
        assert_eq!(echo.name, "echo");
        let names: Vec<_> = echo
            .parameters
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        assert_eq!(names, ["dst", "src", "size", "flags"]);
        assert_eq!(error(device.describe(uapi::SYSDEMO_NR_CALLS)), Errno::NOSYS);
        assert_eq!(error(device.describe(9)), Errno::NOSYS);
    });
    add_batches(tests);
    tests.add("restrictions", |device| {
        device.allow_only(&[uapi::SYSDEMO_NR_GETPID]).unwrap();
        device.getpid().unwrap();
        assert_eq!(error(device.null()), Errno::PERM);
        assert_eq!(error(device.identity()), Errno::PERM);
        assert_eq!(device.info().unwrap().restricted, 1);
        device.allow_only(&[uapi::SYSDEMO_NR_NULL]).unwrap();
        assert_eq!(error(device.null()), Errno::PERM);
        assert_eq!(error(device.getpid()), Errno::PERM);
        assert_eq!(error(device.allow_only(&[256])), Errno::INVAL);
    });
    tests.add("log", |device| {
        assert_eq!(device.log().unwrap().state, uapi::SYSDEMO_LOG_OFF);
        assert_eq!(error(device.read_log(1)), Errno::NODATA);
        assert_eq!(error(device.log_on(0)), Errno::INVAL);
        assert_eq!(device.log_on(4).unwrap().room, 4);
        assert_eq!(error(device.log_on(4)), Errno::BUSY);
        for _ in 0..6 {
            device.gettid().unwrap();
        }
        assert_eq!(device.log().unwrap().dropped, 2);
        assert_eq!(error(device.read_log(0)), Errno::INVAL);
        let mut records = device.read_log(1).unwrap();
        records.extend(device.read_log(1000).unwrap());
        assert_eq!(records.len(), 4);
        for (record, seq) in records.iter().zip(2..) {
            assert_eq!(record.seq, seq);
            assert_eq!(record.nr, uapi::SYSDEMO_NR_GETTID);
            assert_eq!(record.ret, i64::from(record.tid));
            assert_eq!(record.tid, gettid().as_raw_nonzero().get() as u32);
        }
        device.null().unwrap();
        assert_eq!(device.log_off().unwrap().state, uapi::SYSDEMO_LOG_OFF);
        assert_eq!(device.read_log(9).unwrap().len(), 1);
        assert_eq!(error(device.read_log(9)), Errno::NODATA);
    });
    tests.add_with_path("what_is_no_device", |_| {
        assert_eq!(error(Device::open("/dev/null")), Errno::NOTTY);
        assert_eq!(error(Device::open("/nonexistent")), Errno::NOENT);
    });
    tests.add("calls_with_addresses_are_not_for_the_safe_call", |device| {
        for nr in [
            uapi::SYSDEMO_NR_ECHO,
            uapi::SYSDEMO_NR_FILL,
            uapi::SYSDEMO_NR_REGS,
            uapi::SYSDEMO_NR_WAKE,
            uapi::SYSDEMO_NR_OPEN,
            uapi::SYSDEMO_NR_READ,
            9,
        ] {
            assert_eq!(error(device.call(nr, &[1; 6])), Errno::INVAL);
            assert_eq!(error(device.batch(&[(nr, [1; 6])], false)), Errno::INVAL);
        }
    });
    tests.add("threads_at_once", |device| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut area = [0; 300];
                    for round in 0..500u32 {
                        let value = round as u8;
                        device.fill(&mut area, value, true).unwrap();
                        assert_eq!(area[255], value.wrapping_sub(1));
                        assert_eq!(device.gettid().unwrap(), gettid().as_raw_nonzero().get());
                    }
                });
            }
        });
    });
}

/// What a program does with `wait` and `wake`: hand something over to another thread.
fn add_sleeping(tests: &mut Tests) {
    tests.add("sleep", |device| {
        let start = Instant::now();
        let mut time = uapi::sysdemo_time {
            flags: 0,
            time: 3_000_000,
        };
        device.sleep(&mut time).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(3));
        assert_eq!(time.time, 3_000_000);
        time.time = -1;
        assert_eq!(error(device.sleep(&mut time)), Errno::INVAL);
        time.flags = u64::MAX;
        assert_eq!(error(device.sleep(&mut time)), Errno::INVAL);
    });
    tests.add("wait_and_wake", |device| {
        let word = AtomicU32::new(1);
        let mut time = uapi::sysdemo_time::default();
        assert_eq!(error(device.wait(&word, 0, None)), Errno::AGAIN);
        assert_eq!(
            error(device.wait(&word, 1, Some(&mut time))),
            Errno::TIMEDOUT
        );
        assert_eq!(device.wake(&word, u32::MAX).unwrap(), 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while word.load(Acquire) != 2 {
                    let _ = device.wait(&word, 1, None);
                }
            });
            while device.wake(&word, 1).unwrap() == 0 {
                std::thread::yield_now();
            }
            word.store(2, Release);
            // It may be on its way to sleep again, or be so already.
            device.wake(&word, 1).unwrap();
        });
    });
    tests.add("handing_over", |device| {
        const ROUNDS: u32 = 300;
        let (word, sum) = (AtomicU32::new(0), AtomicU32::new(0));
        let wait_until = |wanted| {
            while word.load(Acquire) != wanted {
                let seen = word.load(Acquire);
                if seen != wanted {
                    let _ = device.wait(&word, seen, None);
                }
            }
        };
        let set = |value| {
            word.store(value, Release);
            device.wake(&word, 1).unwrap();
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    wait_until(2 * round + 1);
                    sum.fetch_add(1, Relaxed);
                    set(2 * round + 2);
                }
            });
            for round in 0..ROUNDS {
                set(2 * round + 1);
                wait_until(2 * round + 2);
                assert_eq!(sum.load(Relaxed), round + 1);
            }
        });
    });
}

fn add_batches(tests: &mut Tests) {
    const GETPID: (u32, [u64; 6]) = (uapi::SYSDEMO_NR_GETPID, [0; 6]);
    /// A call that root's device refuses a program that has given it up.
    const REFUSED: (u32, [u64; 6]) = (uapi::SYSDEMO_NR_NULL, [0; 6]);

    tests.add("batch", |device| {
        let sum = (uapi::SYSDEMO_NR_SUM6, [1, 2, 3, 4, 5, 6]);
        let outcome = device.batch(&[GETPID, sum], false).unwrap();
        assert!(outcome.ended.is_none());
        let results: Vec<_> = outcome.results.into_iter().map(Result::unwrap).collect();
        assert_eq!(results, [i64::from(getpid().as_raw_nonzero().get()), 21]);
    });
    tests.add("batch_that_ends", |device| {
        device.allow_only(&[uapi::SYSDEMO_NR_GETPID]).unwrap();
        let outcome = device.batch(&[GETPID, REFUSED, GETPID], false).unwrap();
        assert_eq!(outcome.results.len(), 2);
        assert_eq!(error(Err::<(), _>(outcome.ended.unwrap())), Errno::PERM);
    });
    tests.add("batch_that_goes_on", |device| {
        device.allow_only(&[uapi::SYSDEMO_NR_GETPID]).unwrap();
        let outcome = device.batch(&[GETPID, REFUSED, GETPID], true).unwrap();
        assert!(outcome.ended.is_none());
        assert_eq!(outcome.results.len(), 3);
        assert!(outcome.results[1].is_err() && outcome.results[2].is_ok());
    });
    tests.add("batches_of_every_number", |device| {
        // All that fit into 16 bits and are beyond the table, as many at once as there can be.
        let numbers: Vec<u32> = (uapi::SYSDEMO_NR_CALLS..65536).collect();
        for part in numbers.chunks(uapi::SYSDEMO_BATCH_MAX as usize) {
            let record = |nr: &u32| uapi::sysdemo_call {
                nr: *nr,
                ..Default::default()
            };
            let mut records: Vec<_> = part.iter().map(record).collect();
            let flags = uapi::SYSDEMO_BATCH_CONTINUE;
            // SAFETY: No register has an address in it that memory could be at.
            let batch = unsafe { ioctl::batch(device, &mut records, flags) }.unwrap();
            assert_eq!(batch.done as usize, records.len());
            assert!(records.iter().all(|record| record.ret == -38), "not ENOSYS");
        }
        let too_many = vec![GETPID; uapi::SYSDEMO_BATCH_MAX as usize + 1];
        assert_eq!(error(device.batch(&too_many, true)), Errno::INVAL);
    });
}
