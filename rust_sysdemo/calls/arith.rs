// SPDX-License-Identifier: GPL-2.0

//! Arithmetic: calls whose only purpose is to show what arrives in the parameters.

use crate::{
    syscall::{
        syscall,
        Context, //
    },
    uapi, //
};
use kernel::prelude::*;

syscall! {
    /// Gives the sum of three numbers that fill a register, modulo two to the power of 64.
    #[nr(uapi::SYSDEMO_NR_SUM3)]
    fn sum3(_ctx: &Context<'_>, a: i64, b: u64, c: usize) -> Result<i64> {
        // CAST: Modulo two to the power of 64, as everything here.
        Ok(a.wrapping_add(b as i64).wrapping_add(c as i64))
    }
}

syscall! {
    /// Gives the sum of six numbers of mixed width and sign.
    ///
    /// The sum cannot overflow: each number fits in 33 bits with its sign.
    #[nr(uapi::SYSDEMO_NR_SUM6)]
    fn sum6(_ctx: &Context<'_>, a: i8, b: u8, c: i16, d: u16, e: i32, f: u32) -> Result<i64> {
        let terms = [a.into(), b.into(), c.into(), d.into(), e.into(), f.into()];
        Ok(terms.into_iter().fold(0, i64::wrapping_add))
    }
}
