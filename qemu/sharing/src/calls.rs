// SPDX-License-Identifier: GPL-2.0

//! What calls touch of memory, and what of it two CPUs share.

use std::collections::HashMap;

/// How long a cache line is, in bytes.
const LINE: u64 = 64;

/// What a call does to a cache line.
#[derive(Clone, Copy, Default)]
pub(crate) struct Touch {
    /// Whether it writes.
    pub(crate) writes: bool,
    /// The instruction that did it last; one that writes, if any does.
    pub(crate) by: u64,
}

/// What one call did.
#[derive(Default)]
pub(crate) struct Call {
    accesses: u64,
    lines: HashMap<u64, Touch>,
}

impl Call {
    /// Notes an access to memory by an instruction. Addresses are physical ones.
    pub(crate) fn note(&mut self, address: u64, writes: bool, by: u64) {
        self.accesses += 1;
        let touch = self.lines.entry(address / LINE * LINE).or_default();
        if writes || !touch.writes {
            *touch = Touch { writes, by };
        }
    }
}

/// What a typical one of several calls does.
///
/// One that is interrupted does more than the others, and what an interrupt's handler does is none
/// of its business. So the typical ones are those with the most common number of accesses.
#[derive(Default)]
pub(crate) struct Typical {
    /// How many calls there were.
    pub(crate) calls: u64,
    /// How many of them are typical.
    pub(crate) typical: u64,
    /// How many accesses one of those makes.
    pub(crate) accesses: u64,
    /// What more than half of those do.
    lines: HashMap<u64, Touch>,
}

impl Typical {
    /// Finds what is typical of some calls.
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut counts = HashMap::<u64, u64>::new();
        for call in calls {
            *counts.entry(call.accesses).or_default() += 1;
        }
        let most = counts
            .iter()
            .max_by_key(|(accesses, count)| (**count, **accesses));
        let Some((&accesses, &typical)) = most else {
            return Self::default();
        };
        // How many touch it, how many write to it, and where the last of them did.
        let mut lines = HashMap::<u64, (u64, u64, u64)>::new();
        for call in calls.iter().filter(|call| call.accesses == accesses) {
            for (line, touch) in &call.lines {
                let (touched, written, by) = lines.entry(*line).or_default();
                *touched += 1;
                *written += u64::from(touch.writes);
                if touch.writes || *written == 0 {
                    *by = touch.by;
                }
            }
        }
        let lines = lines
            .into_iter()
            .filter(|(_, (touched, ..))| 2 * touched > typical)
            .map(|(line, (_, written, by))| {
                let writes = 2 * written > typical;
                (line, Touch { writes, by })
            })
            .collect();
        Self {
            calls: calls.len() as u64,
            typical,
            accesses,
            lines,
        }
    }

    /// The lines that a typical call here and a typical one there touch, and that one of them
    /// writes to at least: while they are made at the same time, such a line goes to and fro.
    pub(crate) fn shared_with(&self, other: &Self) -> Vec<(u64, [Touch; 2])> {
        let mut shared: Vec<_> = self
            .lines
            .iter()
            .filter_map(|(line, ours)| Some((*line, [*ours, *other.lines.get(line)?])))
            .filter(|(_, touches)| touches.iter().any(|touch| touch.writes))
            .collect();
        shared.sort_by_key(|(line, _)| *line);
        shared
    }
}
