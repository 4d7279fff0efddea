// SPDX-License-Identifier: GPL-2.0

//! Flags that refuse what they do not know.
//!
//! A bit that is ignored today cannot be given a meaning tomorrow: programs will have set it
//! by accident. So a flags type can only be made of known bits. (The kernel's `impl_flags!` has no
//! conversion from an integer that checks.)

/// Declares a type for flags, for a parameter of a call or a field of a structure.
///
/// As a parameter, the type refuses unknown bits with [`EINVAL`](kernel::error::code::EINVAL)
/// before the call's body runs; from a field it is made by `TryFrom`, which does the same.
macro_rules! flags {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident: $ty:ty {
            $($(#[$flag_meta:meta])* const $flag:ident = $value:expr;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        $vis struct $name($ty);

        impl $name {
            // CAST: bindgen gives a constant the smallest type that holds it.
            $($(#[$flag_meta])* $vis const $flag: Self = Self($value as $ty);)*

            /// No bit is set.
            #[allow(dead_code, reason = "not all flags have a use for it")]
            $vis const NONE: Self = Self(0);

            /// Whether all bits of `other` are set.
            #[inline(always)]
            $vis fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl TryFrom<$ty> for $name {
            type Error = Error;

            #[inline(always)]
            fn try_from(bits: $ty) -> Result<Self> {
                const KNOWN: $ty = 0 $(| $name::$flag.0)*;
                if bits & !KNOWN == 0 {
                    Ok(Self(bits))
                } else {
                    Err(EINVAL)
                }
            }
        }

        impl $crate::syscall::Argument for $name {
            const NAME: &'static str = <$ty as $crate::syscall::Argument>::NAME;

            #[inline(always)]
            fn from_register(register: u64) -> Result<Self> {
                <$ty as $crate::syscall::Argument>::from_register(register)?.try_into()
            }
        }
    };
}
pub(crate) use flags;
