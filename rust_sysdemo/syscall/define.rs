// SPDX-License-Identifier: GPL-2.0

//! How a call is defined: a typed function in, a table entry with metadata out.

use super::{
    regs,
    Context, //
};
use kernel::prelude::*;

/// A parameter of a call, as its metadata names it.
pub(crate) struct Parameter {
    /// Name of the parameter.
    pub(crate) name: &'static str,
    /// Name of its type as C spells it.
    pub(crate) ty: &'static str,
}

/// What a call leaves behind: a value or a negative error number, and which of the two it is. Two
/// registers, which a [`Result`] of these is too large for.
#[derive(Clone, Copy)]
pub(crate) struct Returned {
    /// The value, or the error number.
    pub(super) value: i64,
    /// Whether it is an error number.
    pub(super) failed: bool,
}

impl From<Result<i64>> for Returned {
    #[inline(always)]
    fn from(result: Result<i64>) -> Self {
        match result {
            Ok(value) => Self {
                value,
                failed: false,
            },
            Err(error) => Self {
                value: error.to_errno().into(),
                failed: true,
            },
        }
    }
}

/// Makes the arguments from the registers and runs a call.
pub(crate) type Run = fn(&Context<'_>, &[u64; regs::COUNT]) -> Returned;

/// A call: what `sys_call_table` and `SYSCALL_METADATA` hold of a real one.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Number of the call, one of `SYSDEMO_NR_*`.
    pub(crate) nr: u32,
    /// Name of the call.
    pub(crate) name: &'static str,
    /// Parameters of the call, in order.
    pub(crate) parameters: &'static [Parameter],
    /// Whether the call is there to sleep: who must not, leaves it to another thread.
    pub(crate) sleeps: bool,
    /// Makes the arguments from the registers and runs the call.
    pub(crate) run: Run,
}

/// Defines a call, as `SYSCALL_DEFINE` does.
///
/// The function's parameters after the context are made from the registers, in order, each by
/// its type's [`Argument`](super::Argument). A call that is there to sleep says so by `#[sleeps]`.
/// The macro leaves the function as it is and adds a
/// constant [`Entry`] of the same name in upper case.
///
/// # Examples
///
/// ```ignore
/// syscall! {
///     /// Gives the sum of two numbers.
///     #[nr(uapi::SYSDEMO_NR_ADD)]
///     fn add(_ctx: &Context<'_>, a: i32, b: u8) -> Result<i64> {
///         Ok(i64::from(a) + i64::from(b))
///     }
/// }
/// ```
macro_rules! syscall {
    (@sleeps sleeps) => { true };
    (@sleeps) => { false };
    (
        $(#[doc = $doc:literal])*
        #[nr($nr:path)]
        $(#[$sleeps:ident])?
        fn $name:ident($ctx:ident: $context:ty $(, $arg:ident: $ty:ty)* $(,)?) -> Result<i64>
        $body:block
    ) => {
        $(#[doc = $doc])*
        #[inline(always)]
        fn $name($ctx: $context $(, $arg: $ty)*) -> Result<i64> $body

        ::kernel::macros::paste! {
            $(#[doc = $doc])*
            pub(super) const [< $name:upper >]: $crate::syscall::Entry = {
                fn run(
                    ctx: &$crate::syscall::Context<'_>,
                    args: &[u64; $crate::uapi::SYSDEMO_ARGS_MAX as usize],
                ) -> $crate::syscall::Returned {
                    #[inline(always)]
                    fn run(
                        ctx: &$crate::syscall::Context<'_>,
                        args: &[u64; $crate::uapi::SYSDEMO_ARGS_MAX as usize],
                    ) -> Result<i64> {
                        let mut _registers = $crate::syscall::Registers::new(args);
                        $name(ctx $(, _registers.take::<$ty>()?)*)
                    }

                    run(ctx, args).into()
                }

                const PARAMETERS: &[$crate::syscall::Parameter] = &[
                    $($crate::syscall::Parameter {
                        name: stringify!($arg),
                        ty: <$ty as $crate::syscall::Argument>::NAME,
                    },)*
                ];
                const {
                    // As the header's fields for them are, with a zero byte.
                    const ROOM: usize = $crate::uapi::SYSDEMO_NAME_SIZE as usize;
                    assert!(stringify!($name).len() < ROOM, "the call's name is too long");
                    $(
                        assert!(stringify!($arg).len() < ROOM, "a parameter's name is too long");
                        assert!(
                            <$ty as $crate::syscall::Argument>::NAME.len() < ROOM,
                            "the name of a parameter's type is too long",
                        );
                    )*
                    assert!(
                        PARAMETERS.len() <= $crate::uapi::SYSDEMO_ARGS_MAX as usize,
                        "a call has at most six parameters",
                    );
                }

                $crate::syscall::Entry {
                    nr: $nr,
                    name: stringify!($name),
                    parameters: PARAMETERS,
                    sleeps: $crate::syscall::syscall!(@sleeps $($sleeps)?),
                    run,
                }
            };
        }
    };
}
pub(crate) use syscall;
