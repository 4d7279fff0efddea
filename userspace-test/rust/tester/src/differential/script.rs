// SPDX-License-Identifier: GPL-2.0

//! Steps as lines of text: a word, and `name=value` for each of its arguments.

use std::fmt::Display;

/// Something that an argument can be.
pub(crate) trait Argument: Sized {
    /// Writes it, without a space.
    fn write(&self) -> String;

    /// Reads what [`write`](Self::write) wrote.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! plain {
    ($($type:ty)*) => { $(
        impl Argument for $type {
            fn write(&self) -> String {
                self.to_string()
            }

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )* };
}

plain!(bool u8 u32 i64);

/// A set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits(pub(crate) u64);

impl Argument for Bits {
    fn write(&self) -> String {
        format!("{:#x}", self.0)
    }

    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

/// Permissions, as `chmod` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permissions(pub(crate) u32);

impl Argument for Permissions {
    fn write(&self) -> String {
        format!("{:#o}", self.0)
    }

    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0o")?;
        u32::from_str_radix(digits, 8).ok().map(Self)
    }
}

/// Takes the value of an argument out of a line's words.
pub(crate) fn argument<'a, T: Argument>(
    words: &mut impl Iterator<Item = &'a str>,
    name: &str,
) -> Result<T, String> {
    let word = words.next().unwrap_or_default();
    word.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('='))
        .and_then(T::read)
        .ok_or_else(|| format!("{word:?} is not {name}=..."))
}

/// Defines the steps of a family, with their text.
macro_rules! steps {
    (
        $(#[$outer:meta])*
        $steps:ident {
            $( $(#[$inner:meta])* $step:ident $word:literal ($($argument:ident: $type:ty),*), )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum $steps {
            $( $(#[$inner])* $step { $($argument: $type),* }, )*
        }

        impl std::fmt::Display for $steps {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::differential::script::Argument;
                match self {
                    $( Self::$step { $($argument),* } => {
                        f.write_str($word)?;
                        $( write!(f, " {}={}", stringify!($argument), $argument.write())?; )*
                        Ok(())
                    } )*
                }
            }
        }

        impl std::str::FromStr for $steps {
            type Err = String;

            fn from_str(line: &str) -> Result<Self, String> {
                let mut words = line.split_whitespace();
                let step = match words.next().unwrap_or_default() {
                    $( $word => Self::$step {
                        $( $argument: $crate::differential::script::argument(
                            &mut words,
                            stringify!($argument),
                        )?, )*
                    }, )*
                    other => return Err(format!("{other:?} is no step")),
                };
                match words.next() {
                    None => Ok(step),
                    Some(more) => Err(format!("{more:?} is one argument too many")),
                }
            }
        }
    };
}
pub(crate) use steps;

/// Writes steps as a script.
pub(crate) fn write<S: Display>(family: &str, steps: &[S]) -> String {
    let mut text = format!("{family}\n");
    for step in steps {
        text += &format!("{step}\n");
    }
    text
}

/// The lines of a script, which may be cut out of the tests' output with its marks.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| line.trim_start_matches(['#', ' ']).trim_end())
        .filter(|line| !line.is_empty())
        .collect()
}
