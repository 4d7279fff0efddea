// SPDX-License-Identifier: GPL-2.0

//! What is fuzzed: the calls, as the module's own table describes them.
//!
//! Nothing here names a call: one that is added to the table is fuzzed from then on.

use std::io;
use sysdemo::{Description, Device};

/// How an argument is made up. What the type says is sure, what the name says is a hint: each can
/// become anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The address of a structure.
    Structure,
    /// The address of one that says how to open a file.
    How,
    /// The address of a path.
    Path,
    /// The number of an open file.
    File,
    /// The address of bytes, which the call reads.
    Input,
    /// The address of bytes, which the call may write.
    Output,
    /// How large something is.
    Size,
    /// A set of bits.
    Flags,
    /// What a word is expected to be.
    Expected,
    /// Any other number.
    Number,
}

impl Kind {
    fn of(type_: &str, name: &str) -> Self {
        if type_.contains('*') {
            return if type_.contains("open_how") {
                Self::How
            } else if type_.contains("struct") {
                Self::Structure
            } else if name == "path" {
                Self::Path
            } else if type_.contains("const") {
                Self::Input
            } else {
                Self::Output
            };
        }
        match name {
            _ if type_ == "size_t" => Self::Size,
            "size" | "len" | "count" => Self::Size,
            "flags" | "mask" => Self::Flags,
            "fd" => Self::File,
            "expected" => Self::Expected,
            _ => Self::Number,
        }
    }
}

/// A call of the table.
pub(crate) struct Call {
    /// Its number.
    pub(crate) nr: u32,
    /// Its name.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) kinds: Vec<Kind>,
}

/// Asks the device for its calls.
pub(crate) fn calls(device: &Device) -> io::Result<Vec<Call>> {
    let mut calls = Vec::new();
    for nr in 0..device.info()?.calls {
        let Description {
            nr,
            name,
            parameters,
        } = match device.describe(nr) {
            Ok(description) => description,
            // A hole. All else would be a call that is not fuzzed, and that nobody misses.
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => continue,
            Err(error) => return Err(error),
        };
        let kinds = parameters.iter().map(|(t, n)| Kind::of(t, n)).collect();
        calls.push(Call { nr, name, kinds });
    }
    Ok(calls)
}
