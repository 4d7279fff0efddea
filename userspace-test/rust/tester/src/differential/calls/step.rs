// SPDX-License-Identifier: GPL-2.0

//! What can be done, and how it is written.

use crate::differential::script::{self, Argument, Bits};
use std::fmt;

/// A number, or the address of a place in the arena or of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A number.
    Number(u64),
    /// So many bytes after the beginning of the arena.
    At(u32),
    /// So many bytes before its end.
    End(u32),
    /// Where no memory is.
    Nowhere,
    /// An address of the kernel's.
    Kernel,
}

impl Argument for Given {
    fn write(&self) -> String {
        match self {
            Self::Number(number) => format!("{number:#x}"),
            Self::At(offset) => format!("at:{offset}"),
            Self::End(distance) => format!("end:{distance}"),
            Self::Nowhere => "nowhere".into(),
            Self::Kernel => "kernel".into(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("at", offset)) => offset.parse().ok().map(Self::At),
            Some(("end", distance)) => distance.parse().ok().map(Self::End),
            Some(_) => None,
            None => match text {
                "nowhere" => Some(Self::Nowhere),
                "kernel" => Some(Self::Kernel),
                _ => Bits::read(text).map(|Bits(number)| Self::Number(number)),
            },
        }
    }
}

/// Six registers.
pub(crate) type Registers = List<6>;

/// What the arena begins with.
pub(crate) type Words = List<16>;

/// Some of these, at most `N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<const N: usize>(pub(crate) Vec<Given>);

impl<const N: usize> Argument for List<N> {
    fn write(&self) -> String {
        let given: Vec<String> = self.0.iter().map(Argument::write).collect();
        given.join(",")
    }

    fn read(text: &str) -> Option<Self> {
        let given = text.split(',').filter(|given| !given.is_empty());
        let given: Option<Vec<Given>> = given.map(Given::read).collect();
        given.filter(|given| given.len() <= N).map(Self)
    }
}

script::steps! {
    /// A step.
    Step {
        /// A call.
        Call "call" (nr: u32, registers: Registers, words: Words),
        /// A command, whatever it is the number of.
        Command "ioctl" (command: Bits, at: Given, words: Words),
        /// Reads from the log.
        Read "read" (at: Given, size: u32),
    }
}

/// What comes of a step.
#[derive(PartialEq)]
pub(crate) struct Outcome {
    /// What the call gave, or the command, or what is there: a number, or that of an error.
    pub(crate) result: i64,
    /// Which bytes of the arena are others now.
    pub(crate) changed: Vec<(usize, u8)>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        write!(f, "{}", self.result)?;
        let shown = &self.changed[..self.changed.len().min(SHOWN)];
        write!(f, ", {} bytes: {shown:x?}", self.changed.len())
    }
}
