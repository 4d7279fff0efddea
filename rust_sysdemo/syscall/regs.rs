// SPDX-License-Identifier: GPL-2.0

//! From six registers to typed arguments.
//!
//! A caller fills whole registers, whatever the width of the parameter. C's `SYSCALL_DEFINE` takes
//! every argument as a `long` and casts it down, so that dirt in the upper half of a register never
//! reaches the body; CVE-2009-0029 is what happened without. [`Argument`] does the same.

use crate::uapi::SYSDEMO_ARGS_MAX;
use kernel::prelude::*;

/// How many registers a call has.
pub(crate) const COUNT: usize = SYSDEMO_ARGS_MAX as usize;

/// A type that a call can have as a parameter.
pub(crate) trait Argument: Sized {
    /// Name of the type as C spells it, for the call's metadata.
    const NAME: &'static str;

    /// Makes the argument from the register it came in.
    ///
    /// Fails with [`EINVAL`] if the type has a value for only some registers.
    fn from_register(register: u64) -> Result<Self>;
}

macro_rules! impl_argument_for_integers {
    ($($ty:ty => $name:literal,)*) => {$(
        impl Argument for $ty {
            const NAME: &'static str = $name;

            #[inline(always)]
            fn from_register(register: u64) -> Result<Self> {
                // CAST: Truncates, and for a signed type takes the sign from the highest bit that
                // is left: the very conversion that C's wrappers do.
                Ok(register as $ty)
            }
        }
    )*};
}

impl_argument_for_integers! {
    i8 => "__s8",
    i16 => "__s16",
    i32 => "__s32",
    i64 => "__s64",
    u8 => "__u8",
    u16 => "__u16",
    u32 => "__u32",
    u64 => "__u64",
    usize => "size_t",
}

/// The registers of one call, taken one after the other.
pub(crate) struct Registers<'a> {
    rest: &'a [u64],
}

impl<'a> Registers<'a> {
    /// Starts with the first register.
    #[inline(always)]
    pub(crate) fn new(args: &'a [u64; COUNT]) -> Self {
        Self { rest: args }
    }

    /// Takes the next register as an argument.
    ///
    /// Fails with [`EINVAL`] if there is none left, which [`syscall!`](super::syscall) rules out at
    /// compile time, or if the register is no value of the type.
    #[inline(always)]
    pub(crate) fn take<T: Argument>(&mut self) -> Result<T> {
        let (&register, rest) = self.rest.split_first().ok_or(EINVAL)?;
        self.rest = rest;
        T::from_register(register)
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_regs)]
mod tests {
    use super::*;

    #[test]
    fn narrow_arguments_lose_the_upper_bits() {
        assert_eq!(u8::from_register(0xffff_ffff_ffff_ff7f), Ok(0x7f));
        assert_eq!(u16::from_register(0x1_0000), Ok(0));
        assert_eq!(u32::from_register(u64::MAX), Ok(u32::MAX));
        assert_eq!(u64::from_register(u64::MAX), Ok(u64::MAX));
    }

    #[test]
    fn signed_arguments_take_the_sign_of_their_own_width() {
        assert_eq!(i8::from_register(0x80), Ok(i8::MIN));
        assert_eq!(i16::from_register(0xffff_0000_0000_7fff), Ok(i16::MAX));
        assert_eq!(i32::from_register(0x8000_0000), Ok(i32::MIN));
        assert_eq!(i64::from_register(1 << 63), Ok(i64::MIN));
    }

    #[test]
    fn registers_are_taken_in_order_and_no_more_than_there_are() {
        let args = [1, 2, 3, 4, 5, 6];
        let mut registers = Registers::new(&args);
        for wanted in args {
            assert_eq!(registers.take::<u64>(), Ok(wanted));
        }
        assert_eq!(registers.take::<u64>(), Err(EINVAL));
    }
}
