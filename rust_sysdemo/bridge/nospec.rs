// SPDX-License-Identifier: GPL-2.0

//! An array index from user space that cannot be misused in speculation.
//!
//! A CPU may guess that a bounds check will succeed and read beyond the array before it knows
//! better; what it read can then be told from the cache (Spectre, variant 1). The cure is to make
//! the index itself depend on the comparison, without a branch to guess.
//!
//! C header: [`include/linux/nospec.h`](srctree/include/linux/nospec.h)

use kernel::{
    asm,
    macros::kunit_tests, //
};

/// Gives `index` if it is less than `size`, also in speculation.
///
/// [`None`] otherwise. On a path that the CPU follows by a wrong guess the index is 0, as with
/// C's `array_index_nospec()`.
#[inline(always)]
pub(crate) fn array_index(index: usize, size: usize) -> Option<usize> {
    if index < size {
        Some(index & mask(index, size))
    } else {
        None
    }
}

/// As [`array_index`], for an array of a size that is known when it is compiled.
#[inline(always)]
pub(crate) fn array_index_of<const SIZE: usize>(index: usize) -> Option<usize> {
    if index < SIZE {
        Some(index & mask_of::<SIZE>(index))
    } else {
        None
    }
}

/// All bits set if `index` is less than `size`, otherwise none, by arithmetic alone.
#[cfg(CONFIG_X86_64)]
#[inline(always)]
fn mask(index: usize, size: usize) -> usize {
    let mask: usize;
    // SAFETY: Compares two registers and writes a third: the borrow of `index - size`, spread over
    // all bits. Not `pure`: it must stay where it is even though its result looks predictable.
    unsafe {
        asm!("cmp {size}, {index}; sbb {mask}, {mask}";
            size = in(reg) size,
            index = in(reg) index,
            mask = lateout(reg) mask,
            options(nomem, nostack))
    };
    mask
}

/// As [`mask`], without a register for the size.
#[cfg(CONFIG_X86_64)]
#[inline(always)]
fn mask_of<const SIZE: usize>(index: usize) -> usize {
    const {
        // CAST: Lossless.
        assert!(
            SIZE <= i32::MAX as usize,
            "the instruction has no room for it"
        );
    }
    let mask: usize;
    // SAFETY: As in `mask`, with a number instead of a register.
    unsafe {
        asm!("cmp ${size}, {index}; sbb {mask}, {mask}";
            size = const SIZE,
            index = in(reg) index,
            mask = lateout(reg) mask,
            options(nomem, nostack))
    };
    mask
}

/// As [`mask`].
#[cfg(not(CONFIG_X86_64))]
#[inline(always)]
fn mask_of<const SIZE: usize>(index: usize) -> usize {
    mask(index, SIZE)
}

/// All bits set if `index` is less than `size`, otherwise none, by arithmetic alone.
#[cfg(not(CONFIG_X86_64))]
#[inline(always)]
fn mask(index: usize, size: usize) -> usize {
    let mut hidden = index;
    // SAFETY: Does nothing. What the compiler knows of `index` ends here, so that it cannot replace
    // the arithmetic below by a branch.
    unsafe { asm!("/* {index} */"; index = inout(reg) hidden, options(nomem, nostack)) };
    // CAST: Between types of one size. The shift of the signed value spreads its highest bit, which
    // is set if and only if neither the index nor the difference is negative.
    (!(hidden | size.wrapping_sub(1).wrapping_sub(hidden)) as isize >> (usize::BITS - 1)) as usize
}

#[kunit_tests(sysdemo_nospec)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_agrees_with_the_comparison() {
        for index in [0, 1, 13, 14, 15, 1 << 31, 1 << 62, usize::MAX] {
            agrees::<0>(index);
            agrees::<1>(index);
            agrees::<14>(index);
        }
    }

    fn agrees<const SIZE: usize>(index: usize) {
        let is_less = index < SIZE;
        let wanted = if is_less { usize::MAX } else { 0 };
        assert_eq!(mask(index, SIZE), wanted);
        assert_eq!(mask_of::<SIZE>(index), wanted);
        assert_eq!(array_index(index, SIZE), is_less.then_some(index));
        assert_eq!(array_index_of::<SIZE>(index), is_less.then_some(index));
    }
}
