// SPDX-License-Identifier: GPL-2.0

//! The bytes of an input, taken one after the other.

/// What is left of an input. Beyond its end there are zeros: every input means something.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts with the whole input.
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes so many bytes, or as many as there are.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Takes a number of that many bytes, at most 8.
    fn number(&mut self, size: usize) -> u64 {
        let mut bytes = [0; 8];
        let taken = self.bytes(size);
        bytes[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bytes)
    }

    /// Takes a byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.number(1) as u8
    }

    /// Takes a number of two bytes.
    pub(crate) fn short(&mut self) -> u16 {
        self.number(2) as u16
    }

    /// Takes a number of four bytes.
    pub(crate) fn int(&mut self) -> u32 {
        self.number(4) as u32
    }

    /// Takes a number of eight bytes.
    pub(crate) fn long(&mut self) -> u64 {
        self.number(8)
    }

    /// Takes a number that is less than `end`, which is at most 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }
}
