// SPDX-License-Identifier: GPL-2.0

//! Structures that grow.
//!
//! A structure of the ABI gets new fields at its end over the years. The caller says which size it
//! was built with, and the two sides agree as `openat2(2)` has it:
//!
//! - A caller that knows less: its missing fields are zero, which has to mean "as before".
//! - A caller that knows more: taken if the part that is unknown here is zero, as it then asks for
//!   nothing that would be missed. Otherwise refused with [`E2BIG`], and it can try again with
//!   less.
//!
//! C's `copy_struct_from_user()` and `copy_struct_to_user()` are inline functions that Rust cannot
//! call; these do the same with the means of [`UserSlice`].
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use super::pointer::{
    Pointee,
    UserIn,
    UserInOut,
    UserOut, //
};
use crate::bridge::{
    plain::Plain,
    user_memory, //
};
use core::{
    marker::PhantomData,
    mem::size_of, //
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    uaccess::UserSlice, //
};

/// How much of an unknown tail is cleared at once.
const CHUNK: usize = 64;

/// A structure of the ABI that grows.
///
/// Made of integers without padding, as its derives prove: any bytes are a value of it, and it
/// cannot carry bytes of the kernel out that nobody put there.
pub(crate) trait UserStruct: FromBytes + IntoBytes + zerocopy::Immutable {
    /// Its size in the first version of the ABI: no caller can have a smaller one.
    const SIZE_VER0: usize;
}

/// Refuses a size that no version of the structure can have.
///
/// Fails with [`EINVAL`] if `size` is smaller than in the first version, and with [`E2BIG`] if it
/// is more than a page.
fn check_size<T: UserStruct>(size: usize) -> Result {
    if size < T::SIZE_VER0 {
        Err(EINVAL)
    } else if size > PAGE_SIZE {
        Err(E2BIG)
    } else {
        Ok(())
    }
}

/// Reads a structure of which the caller knows `size` bytes.
///
/// Every byte is read once. Fails with [`EINVAL`] or [`E2BIG`] for a size that no version has, with
/// [`E2BIG`] if the part that is unknown here is not zero, and with [`EFAULT`] if any of it cannot
/// be read.
pub(crate) fn read<T: UserStruct + Pointee>(from: &UserIn<T>, size: usize) -> Result<T> {
    read_sized(from.as_user_ptr(), size)
}

/// As [`read`], from where something may be written afterwards.
pub(crate) fn read_in_out<T: UserStruct + Pointee>(from: &UserInOut<T>, size: usize) -> Result<T> {
    read_sized(from.as_user_ptr(), size)
}

fn read_sized<T: UserStruct>(from: UserPtr, size: usize) -> Result<T> {
    check_size::<T>(size)?;
    let known = size.min(size_of::<T>());

    // As in C, the tail goes first: nothing else is looked at of a structure that is refused for
    // it.
    if size > known && !user_memory::is_zeroed(from.wrapping_byte_add(known), size - known)? {
        return Err(E2BIG);
    }

    let mut area = UserSlice::new(from, known).reader();
    if known == size_of::<T>() {
        // As most do: to copy a size that is known beforehand takes less, see `Plain`.
        return Ok(area.read::<Plain<T>>()?.0);
    }
    let mut value = T::new_zeroed();
    let bytes = value.as_mut_bytes().get_mut(..known).ok_or(EFAULT)?;
    area.read_slice(bytes)?;
    Ok(value)
}

/// A place for a structure of which the caller knows as many bytes as some version has.
///
/// Made before anything is done, so that what is wrong with the request is said before whether it
/// is allowed.
pub(crate) struct Out<T> {
    to: UserPtr,
    size: usize,
    _t: PhantomData<fn(T)>,
}

impl<T: UserStruct + Pointee> Out<T> {
    /// Takes a pointer and a size of the caller's.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] for a size that no version has.
    pub(crate) fn new(to: &UserOut<T>, size: usize) -> Result<Self> {
        check_size::<T>(size)?;
        Ok(Self {
            to: to.as_user_ptr(),
            size,
            _t: PhantomData,
        })
    }

    /// Writes the structure, and tells whether something was left out that is not zero.
    ///
    /// A longer one is filled up with zeros; of a shorter one the rest is left out. Fails with
    /// [`EFAULT`] if any of it cannot be written.
    pub(crate) fn write(self, value: &T) -> Result<bool> {
        write_sized(self.to, self.size, value)
    }
}

/// As [`Out::write`], for a size that has been checked by other means.
pub(crate) fn write_sized<T: UserStruct>(to: UserPtr, size: usize, value: &T) -> Result<bool> {
    let known = size.min(size_of::<T>());

    let mut tail = UserSlice::new(to.wrapping_byte_add(known), size - known).writer();
    while !tail.is_empty() {
        let part = [0; CHUNK];
        tail.write_slice(part.get(..tail.len().min(CHUNK)).ok_or(EFAULT)?)?;
    }

    let mut area = UserSlice::new(to, known).writer();
    if known == size_of::<T>() {
        area.write(Plain::from_ref(value))?;
        return Ok(false);
    }
    let (bytes, left_out) = value.as_bytes().split_at_checked(known).ok_or(EFAULT)?;
    area.write_slice(bytes)?;
    Ok(left_out.iter().any(|byte| *byte != 0))
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_user_struct)]
mod tests {
    use super::*;
    use crate::uapi::sysdemo_fill;

    #[test]
    fn sizes_that_no_version_has() {
        let first = sysdemo_fill::SIZE_VER0;
        assert_eq!(check_size::<sysdemo_fill>(0), Err(EINVAL));
        assert_eq!(check_size::<sysdemo_fill>(first - 1), Err(EINVAL));
        assert_eq!(check_size::<sysdemo_fill>(PAGE_SIZE + 1), Err(E2BIG));
        assert_eq!(check_size::<sysdemo_fill>(usize::MAX), Err(E2BIG));
    }

    #[test]
    fn sizes_that_some_version_may_have() {
        let first = sysdemo_fill::SIZE_VER0;
        for size in [first, first + 1, size_of::<sysdemo_fill>(), PAGE_SIZE] {
            assert_eq!(check_size::<sysdemo_fill>(size), Ok(()));
        }
    }
}
