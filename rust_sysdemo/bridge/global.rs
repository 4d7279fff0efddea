// SPDX-License-Identifier: GPL-2.0

//! State of the whole module, behind a lock.
//!
//! A static lock of the kernel has to be initialized at run time, and to use it before that is
//! undefined. Here it cannot be: it is locked only after [`init`] has run.
//!
//! Lock order: the label's lock is taken alone, and nothing is done under it but copy the label.

use crate::calls::Label;
use kernel::{
    prelude::*,
    sync::{
        global_lock,
        lock::GlobalGuard,
        SetOnce, //
    },
};

global_lock! {
    // SAFETY: `init` initializes it, and `lock` uses it only after that.
    unsafe(uninit) static LABEL: Mutex<Label> = Label::EMPTY;
}

/// Populated once [`LABEL`] is initialized.
static READY: SetOnce<()> = SetOnce::new();

/// Makes the state ready to be used.
///
/// Fails with [`EBUSY`] if that has been done before. A module is initialized once in its life.
pub(crate) fn init() -> Result {
    /// Populated by the one who initializes.
    static TAKEN: SetOnce<()> = SetOnce::new();

    if !TAKEN.populate(()) {
        return Err(EBUSY);
    }
    // SAFETY: `TAKEN` lets one caller pass, once.
    unsafe { LABEL.init() };
    READY.populate(());
    Ok(())
}

/// Locks the module's label, which nobody else can do.
///
/// Fails with [`ENXIO`] if [`init`] has not run, which cannot be while there is a device.
fn lock() -> Result<GlobalGuard<LABEL>> {
    READY.as_ref().ok_or(ENXIO)?;
    Ok(LABEL.lock())
}

/// Gives a copy of the module's label.
///
/// Fails with [`ENXIO`] if [`init`] has not run.
pub(crate) fn label() -> Result<Label> {
    Ok(*lock()?)
}

/// Sets the module's label.
///
/// Fails with [`ENXIO`] if [`init`] has not run.
pub(crate) fn set_label(label: Label) -> Result {
    *lock()? = label;
    Ok(())
}
