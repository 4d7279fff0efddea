// SPDX-License-Identifier: GPL-2.0

//! The page with facts, through the library.

use crate::calls::error;
use crate::ktap::Tests;
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use sysdemo::{Device, uapi};

/// How often the page is read while it changes.
const READS: u32 = 1_000_000;

/// A clock of the kernel's, in nanoseconds.
fn now(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("vvar", |device| {
        let vvar = device.map_vvar().unwrap();
        let size = size_of::<uapi::sysdemo_vvar>() as u32;
        assert_eq!(vvar.version(), (uapi::SYSDEMO_VVAR_VERSION, size));
        for _ in 0..1000 {
            let before = now(ClockId::MonotonicCoarse);
            let coarse = vvar.coarse();
            assert!((before..=now(ClockId::MonotonicCoarse)).contains(&coarse));
            let before = now(ClockId::Monotonic);
            // None where the kernel's time is from a counter that programs cannot read.
            let time = vvar.time().unwrap_or(before);
            let facts = device.facts().unwrap();
            assert!(before <= time && time <= facts.time);
            assert!(facts.time <= now(ClockId::Monotonic));
            let counters = vvar.counters();
            assert_eq!(
                (facts.opened, facts.closed),
                (counters.opened, counters.closed)
            );
        }
        let is_told = vvar.clock().mode == uapi::SYSDEMO_CLOCK_TSC;
        assert_eq!(vvar.time().is_some(), is_told);
    });
    tests.add_with_path("vvar_outlives_its_device", |path| {
        let device = Device::open(path).unwrap();
        let other = Device::open(path).unwrap();
        let vvar = other.map_vvar().unwrap();
        let opened = device.facts().unwrap().opened;
        drop(other);
        assert_eq!(vvar.counters().opened, opened);
        let closed = device.facts().unwrap().closed;
        drop(vvar);
        assert_eq!(device.facts().unwrap().closed, closed + 1);
    });
    tests.add("vvar_is_for_who_may_ask", |device| {
        device.allow_only(&[uapi::SYSDEMO_NR_NULL]).unwrap();
        assert_eq!(error(device.map_vvar()), Errno::PERM);
        assert_eq!(error(device.facts()), Errno::PERM);
    });
    tests.add_with_path("vvar_is_read_as_a_whole", |path| {
        let device = Device::open(path).unwrap();
        let vvar = device.map_vvar().unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        drop(Device::open(path).unwrap());
                    }
                });
            }
            let mut last = vvar.counters();
            let mut whole = true;
            let mut updates = 0;
            for _ in 0..READS {
                let counters = vvar.counters();
                let changes =
                    (counters.opened + counters.closed).wrapping_sub(last.opened + last.closed);
                let seq = counters.seq.wrapping_sub(last.seq);
                whole &= changes == u64::from(seq / 2) && counters.changed >= last.changed;
                whole &= counters.seq % 2 == 0 && counters.opened - counters.closed <= 3;
                updates += u32::from(seq != 0);
                last = counters;
            }
            stop.store(true, Relaxed);
            assert!(whole);
            assert!(updates > 10, "{updates} updates");
        });
    });
}
