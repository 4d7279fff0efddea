// SPDX-License-Identifier: GPL-2.0

//! Scripts of calls that sleep and wake, and how they are written.

use std::fmt;
use std::str::FromStr;

/// How many words there are: few, so that they meet.
pub(super) const WORDS: usize = 3;

/// How long to sleep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// Whether it is from now on or, if it is not negative, so long after now as the clock has it.
    pub(super) absolute: bool,
    /// Nanoseconds.
    pub(super) ns: i64,
}

/// An address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// That of a word.
    Word(usize),
    /// One that is so many bytes off.
    Misaligned(u8),
    /// Where no memory is.
    Nowhere,
    /// The kernel's.
    Kernel,
    /// None.
    Null,
}

/// What a thread does until it is woken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// Waits for a word, without a time, or with a long one.
    Wait { word: usize, absolute: Option<bool> },
    /// Sleeps for long.
    Sleep { absolute: bool },
}

/// A step of a script.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Sleeps shortly.
    Sleep(Time),
    /// Sleeps for a time that cannot be read.
    SleepByBadTime(Place),
    /// Waits shortly for a word, of which it says the value or another one.
    Wait {
        place: Place,
        same: bool,
        time: Time,
    },
    /// Waits for a time that cannot be read.
    WaitByBadTime(usize, Place),
    /// Wakes so many.
    Wake(Place, u32),
    /// A word gets another value.
    Change(usize),
    /// A thread is started.
    Start(Action),
    /// A thread that was started gets a signal, whose handler has `SA_RESTART` or not.
    Signal { thread: usize, restart: bool },
}

/// A script.
#[derive(Clone, Debug)]
pub(super) struct Script(pub(super) Vec<Step>);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.absolute { "until" } else { "for" };
        write!(f, "{kind} {}", self.ns)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "word {word}"),
            Self::Misaligned(offset) => write!(f, "off {offset}"),
            Self::Nowhere => write!(f, "nowhere 0"),
            Self::Kernel => write!(f, "kernel 0"),
            Self::Null => write!(f, "null 0"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sleep(time) => write!(f, "sleep {time}"),
            Self::SleepByBadTime(at) => write!(f, "sleep-at {at}"),
            Self::Wait { place, same, time } => {
                let value = if *same { "same" } else { "other" };
                write!(f, "wait {place} {value} {time}")
            }
            Self::WaitByBadTime(word, at) => write!(f, "wait-at {word} {at}"),
            Self::Wake(place, count) => write!(f, "wake {place} {count}"),
            Self::Change(word) => write!(f, "change {word}"),
            Self::Start(Action::Wait { word, absolute }) => {
                let kind = match absolute {
                    None => "ever",
                    Some(false) => "for",
                    Some(true) => "until",
                };
                write!(f, "start-wait {word} {kind}")
            }
            Self::Start(Action::Sleep { absolute }) => {
                write!(f, "start-sleep {}", if *absolute { "until" } else { "for" })
            }
            Self::Signal { thread, restart } => {
                write!(
                    f,
                    "signal {thread} {}",
                    if *restart { "restart" } else { "end" }
                )
            }
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.0.iter().map(Step::to_string).collect();
        f.write_str(&steps.join("; "))
    }
}

/// The words of a step, one after the other.
struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn word(&mut self) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| "a word is missing".into())
    }

    fn number<T: FromStr>(&mut self) -> Result<T, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("{word}: no number"))
    }

    /// One of two words; whether it is the first.
    fn either(&mut self, yes: &str, no: &str) -> Result<bool, String> {
        match self.word()? {
            word if word == yes => Ok(true),
            word if word == no => Ok(false),
            word => Err(format!("{word}: neither {yes} nor {no}")),
        }
    }

    fn index(&mut self) -> Result<usize, String> {
        match self.number()? {
            word if word < WORDS => Ok(word),
            word => Err(format!("{word}: no such word")),
        }
    }

    fn time(&mut self) -> Result<Time, String> {
        Ok(Time {
            absolute: self.either("until", "for")?,
            ns: self.number()?,
        })
    }

    fn place(&mut self) -> Result<Place, String> {
        let kind = self.word()?;
        Ok(match (kind, self.number()?) {
            ("word", word) if usize::from(word) < WORDS => Place::Word(word.into()),
            ("off", offset @ 1..=3_u8) => Place::Misaligned(offset),
            ("nowhere", _) => Place::Nowhere,
            ("kernel", _) => Place::Kernel,
            ("null", _) => Place::Null,
            _ => return Err(format!("{kind}: no such place")),
        })
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Words(text.split_whitespace());
        let step = match words.word()? {
            "sleep" => Self::Sleep(words.time()?),
            "sleep-at" => Self::SleepByBadTime(words.place()?),
            "wait" => Self::Wait {
                place: words.place()?,
                same: words.either("same", "other")?,
                time: words.time()?,
            },
            "wait-at" => Self::WaitByBadTime(words.index()?, words.place()?),
            "wake" => Self::Wake(words.place()?, words.number()?),
            "change" => Self::Change(words.index()?),
            "start-wait" => Self::Start(Action::Wait {
                word: words.index()?,
                absolute: match words.word()? {
                    "ever" => None,
                    "for" => Some(false),
                    "until" => Some(true),
                    word => return Err(format!("{word}: no such time")),
                },
            }),
            "start-sleep" => Self::Start(Action::Sleep {
                absolute: words.either("until", "for")?,
            }),
            "signal" => Self::Signal {
                thread: words.number()?,
                restart: words.either("restart", "end")?,
            },
            word => return Err(format!("{word}: no such step")),
        };
        match words.word() {
            Ok(word) => Err(format!("{word}: too much")),
            Err(_) => Ok(step),
        }
    }
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(';')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}
