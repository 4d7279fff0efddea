// SPDX-License-Identifier: GPL-2.0

//! State of the whole module, behind a lock.
//!
//! A static lock of the kernel has to be initialized at run time, and to use it before that is
//! undefined. Here it cannot be: who locks it has a [`Global`], which exists only after that.
//!
//! Lock order: either lock is taken alone, and nothing is done under it but copy what it guards.

use crate::{
    calls::Label,
    device::Vvar,
    fs::Tree, //
};
use kernel::{
    prelude::*,
    sync::{
        global_lock,
        lock::GlobalGuard,
        Arc,
        SetOnce, //
    },
};

global_lock! {
    // SAFETY: `init` initializes it, and `lock` uses it only after that.
    unsafe(uninit) static LABEL: Mutex<Label> = Label::EMPTY;
}

global_lock! {
    // SAFETY: As above.
    unsafe(uninit) static SHARED: Mutex<Option<Shared>> = None;
}

/// What all open devices share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) tree: Arc<Tree>,
    pub(crate) vvar: Arc<Vvar>,
}

/// The state, once it can be used.
///
/// # Invariants
///
/// Exists only if [`LABEL`] and [`SHARED`] are initialized.
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
    unsafe {
        LABEL.init();
        SHARED.init();
    }
    // INVARIANT: They were just initialized.
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

/// What open devices share, for as long as this is not dropped: a static is never dropped by
/// itself.
pub(crate) struct Planted(());

impl Global {
    /// Makes known what open devices share.
    pub(crate) fn plant(&'static self, shared: Shared) -> Planted {
        *SHARED.lock() = Some(shared);
        Planted(())
    }

    /// Gives what open devices share.
    ///
    /// Fails with [`ENXIO`] if there is nothing, which cannot be while there is a device.
    pub(crate) fn shared(&self) -> Result<Shared> {
        SHARED.lock().clone().ok_or(ENXIO)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        let shared = SHARED.lock().take();
        drop(shared);
    }
}
