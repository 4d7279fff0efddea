// SPDX-License-Identifier: GPL-2.0

//! Paths out of a few names, so that they meet.

use crate::differential::script::Argument;
use proptest::prelude::*;
use proptest::sample::select;
use std::ffi::CString;

/// A path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(pub(crate) String);

impl Path {
    /// As it is handed to the kernel.
    pub(crate) fn to_c(&self) -> CString {
        CString::new(self.0.as_str()).expect("no name has a zero byte")
    }

    /// The path of what is in this directory.
    pub(crate) fn join(&self, name: &str) -> Self {
        Self(format!("{}/{name}", self.0.trim_end_matches('/')))
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.write())
    }
}

/// How long a run of one character is before it is written as `{255*x}`.
const RUN: usize = 12;

impl Argument for Path {
    fn write(&self) -> String {
        let mut text = String::from("\"");
        let mut rest = self.0.as_str();
        while let Some(first) = rest.chars().next() {
            let other = rest.find(|c| c != first).unwrap_or(rest.len());
            let (run, after) = rest.split_at(other);
            if other < RUN {
                text += run;
            } else {
                text += &format!("{{{other}*{first}}}");
            }
            rest = after;
        }
        text + "\""
    }

    fn read(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('"')?.strip_suffix('"')?;
        let mut path = String::new();
        while let Some((plain, after)) = rest.split_once('{') {
            let (run, after) = after.split_once('}')?;
            let (count, character) = run.split_once('*')?;
            path += plain;
            path += &character.repeat(count.parse().ok()?);
            rest = after;
        }
        Some(Self(path + rest))
    }
}

/// A name: mostly one of three. The longest that there can be, and one that is longer.
fn name() -> impl Strategy<Value = String> {
    // By the number of times that each is there. One choice among many is made much faster than
    // one among strategies, which counts in an emulator.
    let often = [
        ("a", 12),
        ("b", 6),
        ("c", 4),
        ("..", 2),
        (".", 2),
        ("...", 1),
    ];
    let mut names: Vec<String> = often
        .into_iter()
        .flat_map(|(name, times)| std::iter::repeat_n(name.to_owned(), times))
        .collect();
    names.extend(["x".repeat(255), "x".repeat(256)]);
    select(names)
}

/// Names with slashes between them, before them and after them.
pub(crate) fn path() -> impl Strategy<Value = Path> {
    const BEFORE: [&str; 12] = ["", "", "", "", "", "", "", "", "", "/", "/", "//"];
    const AFTER: [&str; 9] = ["", "", "", "", "", "", "", "/", "//"];
    let names = proptest::collection::vec(name(), 1..4);
    let usual = (select(&BEFORE[..]), names, select(&AFTER[..]))
        .prop_map(|(before, names, after)| format!("{before}{}{after}", names.join("/")));
    let rare = prop_oneof![
        4 => Just(String::new()),
        6 => Just("/".to_owned()),
        // As long as a path can be, with its zero byte, and a byte longer.
        1 => Just(format!("{}a", "/".repeat(4094))),
        1 => Just(format!("{}a", "/".repeat(4095))),
        1 => Just(format!("{}a", "./".repeat(2000))),
        1 => Just("x".repeat(5000)),
    ];
    prop_oneof![40 => usual, 1 => rare].prop_map(Path)
}
