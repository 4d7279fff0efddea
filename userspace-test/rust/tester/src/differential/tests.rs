// SPDX-License-Identifier: GPL-2.0

//! Whether a difference is found, made small and printed so that it can be tried again: with worlds
//! of which one has a rule that is wrong.

use super::{Difference, Finding, World, compare, script, smallest, steps};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeSet;

script::steps! {
    /// What can be done with a set of numbers.
    Step {
        /// A number comes in; tells whether it was new.
        Put "put" (number: u32),
        /// A number goes out; tells whether it was in.
        Take "take" (number: u32),
        /// How many there are.
        Count "count" (),
    }
}

/// What a set gets wrong.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// It says that numbers from 10 on were in, although they were not.
    SaysSo,
    /// It keeps numbers from 10 on when they are taken out a second time.
    KeepsThem,
}

/// A set of numbers.
struct Set {
    wrong: Wrong,
    numbers: BTreeSet<u32>,
    taken: BTreeSet<u32>,
}

impl Set {
    fn new(wrong: Wrong) -> Self {
        Self {
            wrong,
            numbers: BTreeSet::new(),
            taken: BTreeSet::new(),
        }
    }
}

impl World for Set {
    type Step = Step;
    type Outcome = Vec<u32>;

    fn reset(&mut self) {
        *self = Self::new(self.wrong);
    }

    fn take(&mut self, step: &Step) -> Vec<u32> {
        let answer = match *step {
            Step::Put { number } => self.numbers.insert(number).into(),
            Step::Take { number } => {
                let again = self.taken.contains(&number) && self.numbers.contains(&number);
                if self.wrong == Wrong::KeepsThem && number >= 10 && again {
                    return vec![1];
                }
                let was_in = self.numbers.remove(&number);
                if was_in {
                    self.taken.insert(number);
                }
                (was_in || (self.wrong == Wrong::SaysSo && number >= 10)).into()
            }
            Step::Count {} => self.numbers.len() as u32,
        };
        vec![answer]
    }

    fn rest(&mut self) -> Vec<u32> {
        self.numbers.iter().copied().collect()
    }
}

/// Compares a set with one that is right.
fn find(wrong: Wrong, seed: u64) -> Option<(Vec<Step>, Difference)> {
    let step = prop_oneof![
        (0u32..20).prop_map(|number| Step::Put { number }),
        (0u32..20).prop_map(|number| Step::Take { number }),
        Just(Step::Count {}),
    ];
    let worlds = RefCell::new((Set::new(wrong), Set::new(Wrong::Nothing)));
    smallest(
        seed,
        2000,
        &proptest::collection::vec(step, 0..40),
        |steps| {
            let (ours, theirs) = &mut *worlds.borrow_mut();
            compare(steps, ours, theirs)
        },
    )
}

fn read(lines: &[&str]) -> Vec<Step> {
    steps(lines).unwrap()
}

#[test]
fn what_is_the_same_is_no_difference() {
    for seed in 0..4 {
        assert!(find(Wrong::Nothing, seed).is_none());
    }
}

#[test]
fn a_wrong_answer_is_found_and_made_small() {
    for seed in 0..4 {
        let (steps, difference) = find(Wrong::SaysSo, seed).unwrap();
        assert_eq!(steps, read(&["take number=10"]));
        let expected = Difference {
            at: 0,
            ours: "[1]".into(),
            theirs: "[0]".into(),
        };
        assert_eq!(difference, expected);
    }
}

/// No answer tells of it, only what is left in the end.
#[test]
fn a_wrong_state_is_found_and_made_small() {
    for seed in 0..4 {
        let (steps, difference) = find(Wrong::KeepsThem, seed).unwrap();
        // The number is the same in all of them, so that none can be made smaller alone.
        let Step::Put { number } = steps[0] else {
            panic!("{steps:?}")
        };
        assert!(number >= 10);
        let (put, take) = (Step::Put { number }, Step::Take { number });
        assert_eq!(steps, [put.clone(), take.clone(), put, take]);
        assert_eq!(difference.at, steps.len());
        assert_eq!(difference.ours, format!("[{number}]"));
        assert_eq!(difference.theirs, "[]");
    }
}

/// The same seed finds the same, and what is printed can be read again.
#[test]
fn what_is_printed_is_a_script_for_it() {
    let (steps, difference) = find(Wrong::KeepsThem, 7).unwrap();
    let finding = Finding {
        family: "sets",
        steps: &steps,
        difference: &difference,
    };
    let text = finding.to_string();
    let lines = script::lines(&text);
    let start = lines.iter().position(|line| *line == "sets").unwrap();
    let again = read(&lines[start + 1..]);
    let (mut ours, mut theirs) = (Set::new(Wrong::KeepsThem), Set::new(Wrong::Nothing));
    assert_eq!(compare(&again, &mut ours, &mut theirs), Err(difference));
}

#[test]
fn what_is_no_step_is_refused() {
    for line in [
        "",
        "puts number=1",
        "put",
        "put number=x",
        "put size=1",
        "put number=1 number=2",
    ] {
        assert!(line.parse::<Step>().is_err(), "{line}");
    }
}
