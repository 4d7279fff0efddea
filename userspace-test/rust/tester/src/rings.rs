// SPDX-License-Identifier: GPL-2.0

//! Calls by the rings, through the library.

use crate::calls::error;
use crate::ktap::Tests;
use rustix::io::Errno;
use rustix::process::getpid;
use rustix::thread::gettid;
use sysdemo::{Device, ioctl, uapi};

const NONE: [u64; 6] = [0; 6];

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("rings", |device| {
        let mut rings = device.rings(8).unwrap();
        assert!(rings.next_completion().is_none());
        rings.put(uapi::SYSDEMO_NR_GETPID, &NONE, 1).unwrap();
        rings
            .put(uapi::SYSDEMO_NR_SUM6, &[1, 2, 3, 4, 5, 6], 2)
            .unwrap();
        assert_eq!(rings.enter(9).unwrap(), 2);
        let pid = i64::from(getpid().as_raw_nonzero().get());
        for (user_data, ret) in [(1, pid), (2, 21)] {
            let completion = rings.next_completion().unwrap();
            assert_eq!((completion.user_data, completion.ret), (user_data, ret));
        }
        assert!(rings.next_completion().is_none());
        assert_eq!(rings.refused(), 0);
    });
    tests.add("rings_there_can_be", |device| {
        for entries in [0, 3, 7, 257, 512, u32::MAX] {
            assert_eq!(error(device.rings(entries)), Errno::INVAL);
        }
        let rings = device.rings(uapi::SYSDEMO_RING_ENTRIES_MAX).unwrap();
        assert_eq!(error(device.rings(8)), Errno::BUSY);
        drop(rings);
        assert_eq!(error(device.rings(8)), Errno::BUSY);
    });
    tests.add("rings_are_for_numbers", |device| {
        let mut rings = device.rings(1).unwrap();
        let echo = rings.put(uapi::SYSDEMO_NR_ECHO, &NONE, 0);
        assert_eq!(error(echo), Errno::INVAL);
        rings.put(uapi::SYSDEMO_NR_NULL, &NONE, 0).unwrap();
        let full = rings.put(uapi::SYSDEMO_NR_NULL, &NONE, 0);
        assert_eq!(error(full), Errno::AGAIN);
    });
    tests.add("rings_lose_nothing", |device| {
        let mut rings = device.rings(32).unwrap();
        let (mut sent, mut got) = (0, 0);
        while got < 50_000 {
            while sent < 50_000
                && rings
                    .put(uapi::SYSDEMO_NR_SUM3, &[sent, 1, 2, 0, 0, 0], sent)
                    .is_ok()
            {
                sent += 1;
            }
            // There is room for two turns: the third is refused.
            for _ in 0..3 {
                match rings.enter(32) {
                    Ok(made) => assert!(made <= 32),
                    Err(refused) => assert_eq!(error(Err::<(), _>(refused)), Errno::AGAIN),
                }
            }
            while let Some(completion) = rings.next_completion() {
                assert_eq!(completion.user_data, got);
                assert_eq!(completion.ret, got as i64 + 3);
                got += 1;
            }
        }
        assert_eq!(sent, got);
    });
    tests.add("rings_and_addresses", |device| {
        let mut rings = device.rings(4).unwrap();
        let (mut to, from) = ([0_u8; 64], [7_u8; 64]);
        let args = [to.as_mut_ptr() as u64, from.as_ptr() as u64, 64, 0, 0, 0];
        // SAFETY: Both areas are there, of that size, until after the call.
        unsafe { rings.put_any(uapi::SYSDEMO_NR_ECHO, &args, 5) }.unwrap();
        assert_eq!(rings.enter(1).unwrap(), 1);
        assert_eq!(rings.next_completion().unwrap().ret, 64);
        assert_eq!(to, from);
        // An address that is none.
        let args = [1, from.as_ptr() as u64, 64, 0, 0, 0];
        // SAFETY: There is no memory at the first.
        unsafe { rings.put_any(uapi::SYSDEMO_NR_ECHO, &args, 5) }.unwrap();
        assert_eq!(rings.enter(1).unwrap(), 1);
        let fault = -i64::from(Errno::FAULT.raw_os_error());
        assert_eq!(rings.next_completion().unwrap().ret, fault);
    });
    tests.add_with_path("rings_in_many_threads", |path| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let device = Device::open(path).unwrap();
                    let mut rings = device.rings(64).unwrap();
                    let tid = i64::from(gettid().as_raw_nonzero().get());
                    for _ in 0..100 {
                        while rings.put(uapi::SYSDEMO_NR_GETTID, &NONE, 0).is_ok() {}
                        assert_eq!(rings.enter(64).unwrap(), 64);
                        while let Some(completion) = rings.next_completion() {
                            assert_eq!(completion.ret, tid);
                        }
                    }
                });
            }
        });
    });
    tests.add("without_rings", |device| {
        assert_eq!(error(ioctl::enter(device, 1)), Errno::NXIO);
        assert_eq!(ioctl::ring(device, 0).unwrap().size, 0);
    });
}
