// SPDX-License-Identifier: GPL-2.0

//! What steps are tried.

use super::step::{Limit, Place, Step, Time, WORDS, Word};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The most steps of a case.
const STEPS: usize = 8;

fn time() -> impl Strategy<Value = Time> {
    let nanoseconds = prop_oneof![
        Just(0),
        Just(1),
        0..2_000_000_i64,
        // Negative ones are refused.
        Just(-1),
        Just(-1_000_000_000),
        Just(-1_500_000_000),
        Just(i64::MIN),
    ];
    (any::<bool>(), nanoseconds).prop_map(|(absolute, ns)| Time { absolute, ns })
}

fn good_time() -> impl Strategy<Value = Time> {
    (any::<bool>(), 0..1_000_000_i64).prop_map(|(absolute, ns)| Time { absolute, ns })
}

fn word() -> impl Strategy<Value = Word> {
    (0..WORDS).prop_map(Word)
}

fn bad_place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (1..4_u8).prop_map(Place::Misaligned),
        Just(Place::Nowhere),
        Just(Place::Kernel),
        Just(Place::Null),
    ]
}

/// Steps that end by themselves, and those that start a thread which does not.
fn step() -> impl Strategy<Value = Step> {
    let bad_memory = prop_oneof![Just(Place::Nowhere), Just(Place::Kernel)];
    // To futex(2) it means that there is no time.
    let bad_time = prop_oneof![bad_memory.clone(), Just(Place::Null)];
    prop_oneof![
        2 => time().prop_map(|time| Step::Sleep { time }),
        1 => bad_time.prop_map(|time| Step::SleepByBadTime { time }),
        2 => (word(), any::<bool>(), time())
            .prop_map(|(word, same, time)| Step::Wait { at: Place::Word(word), same, time }),
        1 => (bad_place(), good_time())
            .prop_map(|(at, time)| Step::Wait { at, same: true, time }),
        1 => (word(), bad_memory).prop_map(|(word, time)| Step::WaitByBadTime { word, time }),
        4 => (word(), 1..5_u32)
            .prop_map(|(word, count)| Step::Wake { at: Place::Word(word), count }),
        1 => word().prop_map(|word| Step::Wake { at: Place::Word(word), count: i32::MAX as u32 }),
        1 => (bad_place(), 1..3_u32).prop_map(|(at, count)| Step::Wake { at, count }),
        2 => word().prop_map(|word| Step::Change { word }),
        6 => (word(), select(&[Limit::None, Limit::For, Limit::Until][..]))
            .prop_map(|(word, limit)| Step::StartWait { word, limit }),
        1 => select(&[Limit::For, Limit::Until][..])
            .prop_map(|limit| Step::StartSleep { limit }),
        4 => (0..STEPS as u32, any::<bool>())
            .prop_map(|(thread, restart)| Step::Signal { thread, restart }),
    ]
}

/// The steps of a case.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=STEPS)
}
