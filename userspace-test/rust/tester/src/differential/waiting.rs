// SPDX-License-Identifier: GPL-2.0

//! `sleep`, `wait` and `wake` beside clock_nanosleep(2) and futex(2).
//!
//! A script is made up: threads are started that sleep or wait, words change, wake-ups and signals
//! are sent. It is run twice, by either kind of calls; every result, and who has come back after
//! each step, must be the same. How long something takes is not compared, only that no sleep is too
//! short.
//!
//! A call has one thing wrong with it at most: of two, either may be found first.

use super::script::{Action, Place, Script, Step, Time, WORDS};
use super::threads::{Threads, outcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use sysdemo::Device;

/// How many scripts are tried, if there is time for that many.
const CASES: u32 = 1000;
/// How many at least, and how long the others may take: a kernel with all its checks is slow.
const LEAST: u32 = 100;
const ENOUGH: Duration = Duration::from_secs(20);
/// How many steps a script has at most.
const STEPS: usize = 8;

/// Scripts that are always tried: each way in which such a call can end is in one of them.
const KNOWN: [&str; 6] = [
    "sleep for 1000; sleep until 1000; sleep until -1; sleep-at null 0",
    "wait word 0 same for 1000; wait word 0 same until 0; wait word 0 other for 0",
    "wait off 1 same for 0; wait nowhere 0 same for 0; wake kernel 0 1; wake null 0 1",
    "start-sleep for; start-sleep until; signal 0 restart; signal 0 end",
    // It starts again, sees another value, and is last in the queue meanwhile.
    "start-wait 0 ever; signal 0 restart; change 0; signal 0 restart",
    "start-wait 1 ever; start-wait 1 for; start-wait 1 until; signal 0 restart; wake word 1 2",
];

/// Runs a script by one kind of calls; gives what was seen, a line for each step.
fn run_script(script: &Script, device: Option<&Device>) -> Vec<String> {
    let mut threads = Threads::new(device);
    let mut seen: Vec<String> = script.0.iter().map(|step| threads.take(step)).collect();
    seen.push(threads.end());
    seen
}

/// Compares; gives what differs.
fn compare(script: &Script, device: &Device) -> Result<(), String> {
    let ours = run_script(script, Some(device));
    let theirs = run_script(script, None);
    if ours == theirs {
        return Ok(());
    }
    let mut text = String::from("the answers differ\n");
    let names = script.0.iter().map(Step::to_string);
    let names = names.chain(["(all are woken)".into()]);
    for ((name, ours), theirs) in names.zip(&ours).zip(&theirs) {
        let mark = if ours == theirs { " " } else { "!" };
        writeln!(text, "{mark} {name}: {ours} | the kernel's: {theirs}").expect("it is a string");
    }
    write!(text, "again: --replay '{script}'").expect("it is a string");
    Err(text)
}

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

fn bad_place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (1..4_u8).prop_map(Place::Misaligned),
        Just(Place::Nowhere),
        Just(Place::Kernel),
        Just(Place::Null),
    ]
}

fn word() -> impl Strategy<Value = usize> {
    0..WORDS
}

/// Steps that end by themselves, and those that start a thread which does not.
fn step() -> impl Strategy<Value = Step> {
    let bad_memory = prop_oneof![Just(Place::Nowhere), Just(Place::Kernel)];
    // To futex(2) it means that there is no time.
    let bad_time = prop_oneof![bad_memory.clone(), Just(Place::Null)];
    prop_oneof![
        2 => time().prop_map(Step::Sleep),
        1 => bad_time.prop_map(Step::SleepByBadTime),
        2 => (word(), any::<bool>(), time()).prop_map(|(word, same, time)| Step::Wait {
            place: Place::Word(word), same, time
        }),
        1 => (bad_place(), good_time()).prop_map(|(place, time)| Step::Wait {
            place, same: true, time
        }),
        1 => (word(), bad_memory).prop_map(|(word, at)| Step::WaitByBadTime(word, at)),
        4 => (word(), 1..5_u32).prop_map(|(word, count)| Step::Wake(Place::Word(word), count)),
        1 => word().prop_map(|word| Step::Wake(Place::Word(word), i32::MAX as u32)),
        1 => (bad_place(), 1..3_u32).prop_map(|(place, count)| Step::Wake(place, count)),
        2 => word().prop_map(Step::Change),
        6 => (word(), 0..3_u8).prop_map(|(word, kind)| Step::Start(Action::Wait {
            word,
            absolute: [None, Some(false), Some(true)][usize::from(kind)],
        })),
        1 => any::<bool>().prop_map(|absolute| Step::Start(Action::Sleep { absolute })),
        4 => (0..STEPS, any::<bool>()).prop_map(|(thread, restart)| Step::Signal {
            thread, restart
        }),
    ]
}

/// Tries scripts that are made up.
pub(crate) fn run(device: &Device) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let script = proptest::collection::vec(step(), 1..=STEPS).prop_map(Script);
    for script in KNOWN {
        replay(device, script).unwrap_or_else(|text| panic!("{text}"));
    }
    let (start, tried, differs) = (Instant::now(), Cell::new(0), Cell::new(false));
    let result = TestRunner::new(config).run(&script, |script| {
        // What differs is made smaller, however long that takes.
        if tried.get() >= LEAST && start.elapsed() > ENOUGH && !differs.get() {
            return Ok(());
        }
        tried.set(tried.get() + 1);
        compare(&script, device).map_err(|text| {
            differs.set(true);
            TestCaseError::fail(text)
        })
    });
    match result {
        Ok(()) => println!("# {} scripts, {}", tried.get(), outcome()),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(error) => panic!("{error}"),
    }
}

/// Tries one script again; gives whether the answers are the same.
pub(crate) fn replay(device: &Device, script: &str) -> Result<(), String> {
    compare(&script.parse()?, device)
}
