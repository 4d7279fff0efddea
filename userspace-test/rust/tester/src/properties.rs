// SPDX-License-Identifier: GPL-2.0

//! What must hold for any arguments, tried with generated ones. A counterexample is made as small
//! as possible before it is printed.

use crate::ktap::Tests;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sysdemo::{Device, uapi};

/// Cases for each property.
const CASES: u32 = 256;

/// Tries a property; panics with the smallest counterexample.
fn check<S: Strategy>(strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(error) = TestRunner::new(config).run(&strategy, property) {
        panic!("{error}");
    }
}

/// The sum as C's wrappers would have it: every register is cut to the width of its parameter.
fn sum6(args: [u64; 6]) -> i64 {
    i64::from(args[0] as i8)
        + i64::from(args[1] as u8)
        + i64::from(args[2] as i16)
        + i64::from(args[3] as u16)
        + i64::from(args[4] as i32)
        + i64::from(args[5] as u32)
}

fn registers_are_cut(device: &Device) {
    check(any::<[u64; 6]>(), |args| {
        let sum = device.call(uapi::SYSDEMO_NR_SUM6, &args).unwrap();
        prop_assert_eq!(sum, sum6(args));
        Ok(())
    });
}

fn echo_is_memmove(device: &Device) {
    let places = (0usize..9000, 0usize..9000, 0usize..3000, any::<bool>());
    check(places, |(dst, src, size, reverse)| {
        let mut area: Vec<u8> = (0..12000u32).map(|i| (i * 7 + i / 256) as u8).collect();
        let mut expected = area.clone();
        expected.copy_within(src..src + size, dst);
        if reverse {
            expected[dst..dst + size].reverse();
        }
        let got = device
            .echo_within(&mut area, dst, src, size, reverse)
            .unwrap();
        prop_assert_eq!(got, size);
        prop_assert!(area == expected);
        Ok(())
    });
}

fn fill_counts(device: &Device) {
    check(
        (0usize..5000, any::<u8>(), any::<bool>()),
        |(len, value, count)| {
            let mut area = vec![0; len];
            prop_assert_eq!(device.fill(&mut area, value, count).unwrap(), len);
            for (i, byte) in area.iter().enumerate() {
                let step = if count { i as u8 } else { 0 };
                prop_assert_eq!(*byte, value.wrapping_add(step));
            }
            Ok(())
        },
    );
}

fn a_batch_is_its_calls(device: &Device) {
    let call = (0..uapi::SYSDEMO_NR_ECHO, any::<[u64; 6]>());
    check(proptest::collection::vec(call, 0..64), |calls| {
        let outcome = device.batch(&calls, true).unwrap();
        prop_assert!(outcome.ended.is_none());
        prop_assert_eq!(outcome.results.len(), calls.len());
        for ((nr, args), result) in calls.iter().zip(outcome.results) {
            prop_assert_eq!(device.call(*nr, args).unwrap(), result.unwrap());
        }
        Ok(())
    });
}

fn restrictions_intersect(path: &str) {
    let set = proptest::collection::btree_set(0..uapi::SYSDEMO_NR_ECHO, 0..4);
    check(proptest::collection::vec(set, 1..4), |sets| {
        let device = Device::open(path).unwrap();
        for set in &sets {
            let calls: Vec<u32> = set.iter().copied().collect();
            device.allow_only(&calls).unwrap();
        }
        for nr in 0..uapi::SYSDEMO_NR_ECHO {
            let allowed = sets.iter().all(|set| set.contains(&nr));
            prop_assert_eq!(device.call(nr, &[0; 6]).is_ok(), allowed);
        }
        Ok(())
    });
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("property_registers_are_cut", registers_are_cut);
    tests.add("property_echo_is_memmove", echo_is_memmove);
    tests.add("property_fill_counts", fill_counts);
    tests.add("property_a_batch_is_its_calls", a_batch_is_its_calls);
    tests.add_with_path("property_restrictions_intersect", restrictions_intersect);
}
