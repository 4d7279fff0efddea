// SPDX-License-Identifier: GPL-2.0

//! What can be done, and how it is written.

use crate::differential::script::{self, Argument};

/// How many words there are: few, so that they meet.
pub(super) const WORDS: u8 = 3;

/// One of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(super) u8);

impl Argument for Word {
    fn write(&self) -> String {
        self.0.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let word = text.parse().ok()?;
        (word < WORDS).then_some(Self(word))
    }
}

/// How long to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// Whether it is from now on or, if it is not negative, so long after now as the clock has it.
    pub(super) absolute: bool,
    /// Nanoseconds.
    pub(super) ns: i64,
}

impl Argument for Time {
    fn write(&self) -> String {
        let kind = if self.absolute { "until" } else { "for" };
        format!("{kind}:{}", self.ns)
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, ns) = text.split_once(':')?;
        let absolute = match kind {
            "until" => true,
            "for" => false,
            _ => return None,
        };
        let ns = ns.parse().ok()?;
        Some(Self { absolute, ns })
    }
}

/// How long somebody sleeps whom something else is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// For ever.
    None,
    /// For a long time.
    For,
    /// Until a time that is far away.
    Until,
}

impl Argument for Limit {
    fn write(&self) -> String {
        match self {
            Self::None => "none",
            Self::For => "for",
            Self::Until => "until",
        }
        .into()
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "for" => Some(Self::For),
            "until" => Some(Self::Until),
            _ => None,
        }
    }
}

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// That of a word.
    Word(Word),
    /// One that is so many bytes off.
    Misaligned(u8),
    /// Where no memory is.
    Nowhere,
    /// The kernel's.
    Kernel,
    /// None.
    Null,
}

impl Argument for Place {
    fn write(&self) -> String {
        match self {
            Self::Word(word) => format!("word:{}", word.write()),
            Self::Misaligned(offset) => format!("off:{offset}"),
            Self::Nowhere => "nowhere".into(),
            Self::Kernel => "kernel".into(),
            Self::Null => "null".into(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("word", word)) => Word::read(word).map(Self::Word),
            Some(("off", offset)) => match offset.parse() {
                Ok(offset @ 1..=3) => Some(Self::Misaligned(offset)),
                _ => None,
            },
            Some(_) => None,
            None => match text {
                "nowhere" => Some(Self::Nowhere),
                "kernel" => Some(Self::Kernel),
                "null" => Some(Self::Null),
                _ => None,
            },
        }
    }
}

script::steps! {
    /// A step.
    Step {
        /// Sleeps shortly.
        Sleep "sleep" (time: Time),
        /// Sleeps for a time that cannot be read.
        SleepByBadTime "sleep-at" (time: Place),
        /// Waits shortly for a word, of which it says the value or another one.
        Wait "wait" (at: Place, same: bool, time: Time),
        /// Waits for a time that cannot be read.
        WaitByBadTime "wait-at" (word: Word, time: Place),
        /// Wakes so many.
        Wake "wake" (at: Place, count: u32),
        /// A word gets another value.
        Change "change" (word: Word),
        /// A thread is started that waits for a word until something ends that.
        StartWait "start-wait" (word: Word, limit: Limit),
        /// A thread is started that sleeps until something ends that.
        StartSleep "start-sleep" (limit: Limit),
        /// A thread that was started gets a signal, whose handler has `SA_RESTART` or not.
        Signal "signal" (thread: u32, restart: bool),
    }
}
