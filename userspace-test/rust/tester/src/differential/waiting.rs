// SPDX-License-Identifier: GPL-2.0

//! `sleep`, `wait` and `wake`: the module's, and clock_nanosleep(2) and futex(2).
//!
//! Threads are started that sleep or wait, words change, wake-ups and signals are sent: every
//! result, and who has come back after each step, must be the same. How long something takes is not
//! compared, only that no sleep is too short.
//!
//! A call has one thing wrong with it at most: of two, either may be found first.

mod generate;
mod step;
mod threads;

use super::{Finding, Options, Rival, again, compare, explore, steps};
use crate::ktap::Tests;
use step::Step;
use sysdemo::Device;
use threads::{Threads, outcome};

/// First line of a script.
pub(crate) const FAMILY: &str = "waiting";

/// Steps that are always taken: each way in which such a call can end is in one of these.
const KNOWN: [&[&str]; 6] = [
    &[
        "sleep time=for:1000",
        "sleep time=until:1000",
        "sleep time=until:-1",
        "sleep-at time=null",
    ],
    &[
        "wait at=word:0 same=true time=for:1000",
        "wait at=word:0 same=true time=until:0",
        "wait at=word:0 same=false time=for:0",
    ],
    &[
        "wait at=off:1 same=true time=for:0",
        "wait at=nowhere same=true time=for:0",
        "wake at=kernel count=1",
        "wake at=null count=1",
    ],
    &[
        "start-sleep limit=for",
        "start-sleep limit=until",
        "signal thread=0 restart=true",
        "signal thread=0 restart=false",
    ],
    // It starts again, sees another value, and is last in the queue meanwhile.
    &[
        "start-wait word=0 limit=none",
        "signal thread=0 restart=true",
        "change word=0",
        "signal thread=0 restart=true",
    ],
    &[
        "start-wait word=1 limit=none",
        "start-wait word=1 limit=for",
        "start-wait word=1 limit=until",
        "signal thread=0 restart=true",
        "wake at=word:1 count=2",
    ],
];

/// The module's calls, and those of whom it is compared with.
fn worlds(device: &Device, other: Option<&Device>) -> (Threads, Threads) {
    (Threads::new(Some(device)), Threads::new(other))
}

/// Adds the test.
pub(crate) fn add(tests: &mut Tests, options: Options, rival: Rival) {
    tests.add("differential_waiting", move |device| {
        let other = rival.open();
        let (mut ours, mut theirs) = worlds(device, other.as_ref());
        for known in KNOWN {
            let steps: Vec<Step> = steps(known).expect("it is a script");
            if let Err(difference) = compare(&steps, &mut ours, &mut theirs) {
                let finding = Finding {
                    family: FAMILY,
                    steps: &steps,
                    difference: &difference,
                };
                panic!("{finding}");
            }
        }
        explore(FAMILY, options, 1000, &generate::steps(), ours, theirs);
        println!("# {}", outcome());
    });
}

/// Takes the steps of a script; gives whether both worlds say the same.
pub(crate) fn replay(device: &Device, rival: &Rival, steps: &[Step]) -> bool {
    let other = rival.open();
    let (ours, theirs) = worlds(device, other.as_ref());
    again(steps, ours, theirs)
}

#[cfg(test)]
mod tests {
    use super::generate;
    use crate::differential::{are_read_as_written, steps};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scripts_are_read_as_they_were_written(written in generate::steps()) {
            prop_assert!(are_read_as_written(super::FAMILY, &written));
        }
    }

    #[test]
    fn what_is_always_tried_can_be_read() {
        for known in super::KNOWN {
            steps::<super::Step>(known).unwrap();
        }
    }
}
