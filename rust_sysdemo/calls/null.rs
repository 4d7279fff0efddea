// SPDX-License-Identifier: GPL-2.0

//! The call that does nothing: what is left is the price of calling.

use crate::{
    syscall::{
        syscall,
        Context, //
    },
    uapi, //
};
use kernel::prelude::*;

syscall! {
    /// Does nothing and gives 0.
    #[nr(uapi::SYSDEMO_NR_NULL)]
    fn null(_ctx: &Context<'_>) -> Result<i64> {
        Ok(0)
    }
}
