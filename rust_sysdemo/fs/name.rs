// SPDX-License-Identifier: GPL-2.0

//! A name of a file or directory.

use core::cmp::Ordering;
use kernel::{
    bindings,
    prelude::*, //
};

/// The longest name, in bytes.
pub(super) const MAX: usize = bindings::NAME_MAX as usize;

/// The longest name that takes no memory of its own: most are short.
const SHORT: usize = 38;

/// How many bytes of names are compared at once.
const HEAD: usize = size_of::<u64>();

/// A name that somebody asks for: what it takes to compare it with others.
///
/// Names are sorted by their bytes. No name has a zero byte, so that their beginnings, filled up
/// with zeros, are in the same order; mostly these tell them apart.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    head: u64,
    bytes: &'a [u8],
}

impl<'a> Sought<'a> {
    /// That of a name.
    ///
    /// Fails with [`ENAMETOOLONG`] if there can be no such name.
    pub(super) fn of(name: &'a [u8]) -> Result<Self> {
        if name.len() > MAX {
            return Err(ENAMETOOLONG);
        }
        Ok(Self {
            head: head(name),
            bytes: name,
        })
    }
}

/// The beginning of a name, as a number.
fn head(name: &[u8]) -> u64 {
    let mut head = [0; HEAD];
    for (to, from) in head.iter_mut().zip(name) {
        *to = *from;
    }
    u64::from_be_bytes(head)
}

/// The name of something.
pub(super) struct Name {
    head: u64,
    form: Form,
}

/// Where its bytes are.
enum Form {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(KVec<u8>),
}

impl Name {
    /// No name at all.
    pub(super) const NONE: Self = Self {
        head: 0,
        form: Form::Short {
            len: 0,
            bytes: [0; SHORT],
        },
    };

    /// Keeps a name, or of one that is longer than any its beginning.
    ///
    /// Fails with [`ENOMEM`].
    pub(super) fn new(name: &[u8]) -> Result<Self> {
        let name = name.get(..MAX).unwrap_or(name);
        let mut bytes = [0; SHORT];
        let form = match bytes.get_mut(..name.len()) {
            Some(place) => {
                place.copy_from_slice(name);
                Form::Short {
                    // CAST: At most `SHORT`.
                    len: name.len() as u8,
                    bytes,
                }
            }
            None => {
                let mut bytes = KVec::new();
                bytes.extend_from_slice(name, GFP_KERNEL_ACCOUNT)?;
                Form::Long(bytes)
            }
        };
        Ok(Self {
            head: head(name),
            form,
        })
    }

    /// The bytes of the name.
    pub(super) fn as_bytes(&self) -> &[u8] {
        match &self.form {
            Form::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Form::Long(bytes) => bytes,
        }
    }

    /// It, to be looked for.
    pub(super) fn sought(&self) -> Sought<'_> {
        Sought {
            head: self.head,
            bytes: self.as_bytes(),
        }
    }

    /// How another is to it.
    #[inline(always)]
    pub(super) fn compare(&self, sought: Sought<'_>) -> Ordering {
        sought
            .head
            .cmp(&self.head)
            .then_with(|| self.compare_all(sought.bytes))
    }

    /// How another is to it whose beginning is the same.
    fn compare_all(&self, sought: &[u8]) -> Ordering {
        sought.cmp(self.as_bytes())
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_name)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_bytes() -> Result {
        let long = [b'm'; MAX];
        let names: [&[u8]; 10] = [
            b"a",
            b"aa",
            b"ab",
            b"b",
            b"bbbbbbbb",
            b"bbbbbbbba",
            b"bbbbbbbbab",
            b"bbbbbbbbb",
            &long,
            b"\xff",
        ];
        for (i, left) in names.iter().enumerate() {
            let name = Name::new(left)?;
            assert!(name.as_bytes() == *left);
            for (j, right) in names.iter().enumerate() {
                assert!(name.compare(Sought::of(right)?) == j.cmp(&i));
                assert!(name.compare(Name::new(right)?.sought()) == j.cmp(&i));
            }
        }
        Ok(())
    }

    #[test]
    fn there_are_no_names_that_are_too_long() -> Result {
        let long = [b'n'; MAX + 1];
        assert!(Sought::of(&long).is_err_and(|error| error == ENAMETOOLONG));
        assert_eq!(Name::new(&long)?.as_bytes().len(), MAX);
        Ok(())
    }
}
