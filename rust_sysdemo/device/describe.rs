// SPDX-License-Identifier: GPL-2.0

//! What the device says of itself: `SYSDEMO_IOC_TABLE` and `SYSDEMO_IOC_INFO`.

use super::record;
use crate::{
    bridge::{
        arch,
        plain::Plain, //
    },
    syscall::{
        table,
        user_struct::{
            self,
            UserStruct, //
        },
        Context, //
    },
    uapi::{
        self,
        sysdemo_info,
        sysdemo_table, //
    },
};
use kernel::prelude::*;
use zerocopy::FromZeros;

/// Puts a name into a field of fixed size. The last byte stays zero.
fn put_name(field: &mut [c_char; uapi::SYSDEMO_NAME_SIZE as usize], name: &str) {
    let room = field.len() - 1;
    for (to, from) in field.iter_mut().take(room).zip(name.bytes()) {
        *to = from;
    }
}

/// `SYSDEMO_IOC_TABLE`: describes a call.
///
/// Fails with [`ENOSYS`] if there is no such call, and with [`EFAULT`] if the structure cannot be
/// read or written.
#[inline(never)]
pub(super) fn call(arg: UserPtr) -> Result<isize> {
    // Only the number is the caller's; the rest starts from zero.
    let Plain(nr) = record::read::<u32>(arg)?;
    let entry = table::get(nr).ok_or(ENOSYS)?;

    let mut description = sysdemo_table::new_zeroed();
    description.nr = nr;
    put_name(&mut description.name, entry.name);
    for (to, from) in description.parameters.iter_mut().zip(entry.parameters) {
        put_name(&mut to.type_, from.ty);
        put_name(&mut to.name, from.name);
        description.count += 1;
    }
    record::write(arg, description)?;
    Ok(0)
}

impl UserStruct for sysdemo_info {
    const SIZE_VER0: usize = uapi::SYSDEMO_INFO_SIZE_VER0 as usize;
}

/// `SYSDEMO_IOC_INFO`: tells what the device offers, in as many bytes as the caller knows.
///
/// Fails with [`ENOTTY`] if that is less than in the first version: no such command was ever there.
/// Fails with [`EFAULT`] if the structure cannot be written.
#[inline(never)]
pub(super) fn device(ctx: &Context<'_>, arg: UserPtr, size: usize) -> Result<isize> {
    if size < sysdemo_info::SIZE_VER0 {
        return Err(ENOTTY);
    }
    let mut features = uapi::SYSDEMO_FEATURE_BATCH
        | uapi::SYSDEMO_FEATURE_RESTRICT
        | uapi::SYSDEMO_FEATURE_LOG
        | uapi::SYSDEMO_FEATURE_FILES
        | uapi::SYSDEMO_FEATURE_VVAR
        | uapi::SYSDEMO_FEATURE_RING
        | uapi::SYSDEMO_FEATURE_URING;
    if arch::KNOWN {
        features |= uapi::SYSDEMO_FEATURE_REGS;
    }
    let info = sysdemo_info {
        abi: uapi::SYSDEMO_ABI,
        calls: uapi::SYSDEMO_NR_CALLS,
        features: features.into(),
        calls_made: ctx.session.calls_made(),
        batch_max: uapi::SYSDEMO_BATCH_MAX,
        restricted: ctx.session.restriction.in_force().into(),
    };
    user_struct::write_sized(arg, size, &info)?;
    Ok(0)
}
