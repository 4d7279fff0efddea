// SPDX-License-Identifier: GPL-2.0

//! State of the whole module, behind a lock.
//!
//! A static lock of the kernel has to be initialized at run time, and to use it before that is
//! undefined. Here it cannot be: who locks it has a [`Global`], which exists only after that.
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

/// The state, once it can be used.
///
/// # Invariants
///
/// Exists only if [`LABEL`] is initialized.
pub(crate) struct Global(());

/// Populated once there is a state to use.
static GLOBAL: SetOnce<Global> = SetOnce::new();

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
    // INVARIANT: The label was just initialized.
    GLOBAL.populate(Global(()));
    Ok(())
}

/// Gives the state.
///
/// Fails with [`ENXIO`] if [`init`] has not run, which cannot be while there is a device.
pub(crate) fn get() -> Result<&'static Global> {
    GLOBAL.as_ref().ok_or(ENXIO)
}

impl Global {
    /// Locks the module's label, which by the type invariant is initialized.
    fn lock(&self) -> GlobalGuard<LABEL> {
        LABEL.lock()
    }

    /// Gives a copy of the module's label.
    pub(crate) fn label(&self) -> Label {
        *self.lock()
    }

    /// Sets the module's label.
    pub(crate) fn set_label(&self, label: Label) {
        *self.lock() = label;
    }
}
