// SPDX-License-Identifier: GPL-2.0

//! What `UserSlice` cannot ask of the caller's memory.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use super::shims;
use core::{
    mem::{
        align_of,
        size_of,
        MaybeUninit, //
    },
    ptr,
};
use kernel::{
    bindings,
    error::to_result,
    ffi::c_long,
    prelude::*, //
};
use zerocopy::{
    FromBytes,
    IntoBytes, //
};

/// Whether memory of the caller's is all zeros.
///
/// It is looked at from its start, up to the first byte that is not zero. Fails with [`EFAULT`] if
/// it is not the caller's, or if a part up to there is not there.
pub(crate) fn is_zeroed(from: UserPtr, size: usize) -> Result<bool> {
    // SAFETY: The function takes any address: it checks that it is one of user space, and handles
    // the fault if nothing is there.
    let answer = unsafe { bindings::check_zeroed_user(from.as_const_ptr(), size) };
    to_result(answer.min(0))?;
    Ok(answer != 0)
}

/// Requires that an area may be user memory, whatever is there.
///
/// Fails with [`EFAULT`] if it is the kernel's.
pub(crate) fn require_user(from: UserPtr, size: usize) -> Result {
    // SAFETY: The function takes any address; it only compares.
    if unsafe { shims::sysdemo_access_ok(from.as_const_ptr(), size) } != 0 {
        Ok(())
    } else {
        Err(EFAULT)
    }
}

/// As [`require_user`], for a word.
///
/// Fails with [`EFAULT`] if it is the kernel's.
pub(crate) fn require_user_word(from: UserPtr) -> Result {
    // SAFETY: The function takes any address; it only compares.
    if unsafe { shims::sysdemo_word_access_ok(from.as_const_ptr().cast()) } != 0 {
        Ok(())
    } else {
        Err(EFAULT)
    }
}

/// Reads an aligned word of the caller's at once.
///
/// A copy of four bytes may be four loads, between which another thread can store: what comes of
/// it is a value that the word never had. This is one load. Fails with [`EFAULT`] if the word is
/// not there.
pub(crate) fn read_word(from: UserPtr) -> Result<u32> {
    let mut word = 0;
    // SAFETY: `word` can be written. The function takes any address: it checks that it is one of
    // user space, and handles the fault if nothing is there.
    let error = unsafe { shims::sysdemo_get_user(&mut word, from.as_const_ptr().cast()) };
    if error != 0 {
        return Err(EFAULT);
    }
    Ok(word)
}

/// How many words [`read_words`] reads.
pub(crate) const WORDS: usize = shims::SYSDEMO_READ_WORDS as usize;

/// Reads a structure that is made of so many words, each of them at once. (`UserSliceReader::read`
/// can do it for any structure: too dear where every call does it.)
///
/// Fails with [`EFAULT`] if it cannot be read.
#[inline(always)]
pub(crate) fn read_words<T: FromBytes>(
    from: UserPtr,
    place: &mut MaybeUninit<T>,
) -> Result<&mut T> {
    const {
        assert!(size_of::<T>() == WORDS * size_of::<u64>() && align_of::<T>() == align_of::<u64>());
    }
    // SAFETY: The place has that many words. The function takes any address: it checks that it is
    // one of user space, and handles the fault if nothing is there.
    let error =
        unsafe { shims::sysdemo_read_words(place.as_mut_ptr().cast(), from.as_const_ptr()) };
    if error != 0 {
        return Err(EFAULT);
    }
    // SAFETY: All of it was just written, and any bytes are a value of the type.
    Ok(unsafe { place.assume_init_mut() })
}

/// Writes a word.
///
/// Fails with [`EFAULT`] if it cannot be written.
#[inline(always)]
pub(crate) fn write_word(to: UserPtr, word: u64) -> Result {
    // SAFETY: The function takes any address: it checks that it is one of user space, and handles
    // the fault if nothing is there.
    if unsafe { shims::sysdemo_write_word(to.as_mut_ptr(), word) } != 0 {
        return Err(EFAULT);
    }
    Ok(())
}

/// Why a record was not answered, or the one that follows it not read.
pub(crate) enum Unanswered {
    /// The result could not be written.
    NotWritten,
    /// It was written, but what is asked for next could not be read.
    NotRead,
}

/// Writes the result of a record, and reads what is asked for in the one that follows it: as
/// [`write_word`] and [`read_words`] do, in about half the time. The registers of a call without
/// parameters, of which `without` has a bit, may be left as they are.
#[inline(always)]
pub(crate) fn answer_and_read<T: FromBytes + IntoBytes>(
    record: UserPtr,
    ret: u64,
    place: &mut T,
    without: u64,
) -> Result<(), Unanswered> {
    const {
        assert!(size_of::<T>() == size_of::<shims::sysdemo_asked>());
        assert!(align_of::<T>() == align_of::<shims::sysdemo_asked>());
    }
    let place = ptr::from_mut(place).cast();
    // SAFETY: The place has that many bytes, and any bytes are a value. The function takes any
    // address: it checks that it is one of user space, and handles the fault if nothing is there.
    let error = unsafe { shims::sysdemo_answer_and_read(record.as_mut_ptr(), ret, place, without) };
    if error == 0 {
        return Ok(());
    }
    // CAST: A small number.
    Err(if error as u32 == shims::SYSDEMO_NOT_WRITTEN {
        Unanswered::NotWritten
    } else {
        Unanswered::NotRead
    })
}

/// Reads a string of the caller's into a buffer, and gives its length without the zero at its end.
///
/// It is read once, up to the zero. Fails with [`EFAULT`] if that is not there, and with
/// [`ENAMETOOLONG`] if there is none in as many bytes as the buffer has: then these are all that is
/// looked at. (`UserSliceReader::strcpy_into_buf` does not tell a string that is cut from one that
/// fits.)
pub(crate) fn read_string(from: UserPtr, buffer: &mut [u8]) -> Result<usize> {
    // CAST: A slice is never longer than `isize::MAX`.
    let room = buffer.len() as c_long;
    // SAFETY: The buffer has that many bytes. The function takes any address of the caller's: it
    // checks that it is one of user space, and handles the fault if nothing is there.
    let len = unsafe {
        bindings::strncpy_from_user(buffer.as_mut_ptr().cast(), from.as_const_ptr().cast(), room)
    };
    if len < 0 {
        // CAST: An error number.
        return Err(Error::from_errno(len as c_int));
    }
    if len >= room {
        return Err(ENAMETOOLONG);
    }
    // CAST: Between 0 and the length of the slice.
    Ok(len as usize)
}
