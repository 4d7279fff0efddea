// SPDX-License-Identifier: GPL-2.0

//! A misc device with permissions of its own, that can be polled, and commanded by io_uring.
//!
//! [`MiscDeviceRegistration`] has no way to set the mode of the device node, which is then 0600,
//! and [`MiscDevice`] has no methods for `poll` and `uring_cmd`. This registration is the same but
//! for that: its table of file operations is that of the `kernel` crate, with what [`Operations`]
//! adds.
//!
//! C headers: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h),
//! [`include/linux/fs.h`](srctree/include/linux/fs.h)

use super::{
    file::Events,
    shims,
    uring::{
        Command,
        Outcome,
        Request, //
    },
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    fs::File,
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions,
        MiscDeviceRegistration, //
    },
    prelude::*,
    sync::poll::PollTable,
    types::{
        ForeignOwnable,
        Opaque, //
    },
};

/// What a misc device can do that [`MiscDevice`] has no method for.
///
/// An open device is a stream: it has no position, so that `lseek()` and `pread()` fail with
/// `ESPIPE`. Who implements [`MiscDevice::read_iter`] has to ask
/// [`may_wait`](super::file::may_wait): the kernel is told that this is done.
pub(crate) trait Operations: MiscDevice {
    /// Says which operations would not have to wait, after it has asked to be woken when that
    /// changes: by [`PollTable::register_wait`].
    fn poll(
        device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        file: &File,
        table: PollTable<'_>,
    ) -> Events;

    /// Does what a command of io_uring asks for.
    fn uring_cmd(
        device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        file: &File,
        request: &Request,
    ) -> Outcome;
}

/// The functions that C calls for a `T`.
struct Table<T>(PhantomData<T>);

impl<T: Operations> Table<T> {
    /// The table that the `kernel` crate makes.
    const BASE: bindings::file_operations = {
        // The name is of no account for the table.
        let device = MiscDeviceOptions { name: c"" }.into_raw::<T>();
        // SAFETY: `into_raw` sets the pointer to a table that is there for good.
        unsafe { *device.fops }
    };

    /// How that table opens a file.
    const BASE_OPEN: unsafe extern "C" fn(*mut bindings::inode, *mut bindings::file) -> c_int =
        match Self::BASE.open {
            Some(open) => open,
            None => panic!("a misc device can be opened"),
        };

    /// That table with what is missing. Who adds an operation to [`Operations`] adds it here.
    const OPERATIONS: &'static bindings::file_operations = &bindings::file_operations {
        open: Some(Self::open),
        poll: Some(Self::poll),
        uring_cmd: Some(Self::uring_cmd),
        ..Self::BASE
    };

    /// # Safety
    ///
    /// As that of the `kernel` crate's own `open`: `inode` and `file` are those of a file that is
    /// being opened, of a device that is registered for `T`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file is being opened: its mode may be changed, and nobody else sees it yet.
        unsafe { shims::sysdemo_open_stream(inode.cast(), file.cast()) };
        // SAFETY: The caller keeps to what this function asks.
        unsafe { Self::BASE_OPEN(inode, file) }
    }

    /// # Safety
    ///
    /// `file` is an open file of a device that is registered for `T`; `table` is null or a table
    /// that is valid during the call.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table,
    ) -> bindings::__poll_t {
        // SAFETY: A file that is open has what `open` put there, until it is released; it can be
        // borrowed meanwhile.
        let device = unsafe { T::Ptr::borrow((*file).private_data) };
        // SAFETY: The file is valid during the call, and this thread is not in the middle of an
        // `fdget_pos()` of it.
        let file = unsafe { File::from_raw_file(file) };
        // SAFETY: The caller says so.
        let table = unsafe { PollTable::from_raw(table) };

        T::poll(device, file, table).into_raw()
    }

    /// # Safety
    ///
    /// `cmd` and `issue_flags` are those of a command that is being made, for an open file of a
    /// device that is registered for `T`.
    unsafe extern "C" fn uring_cmd(cmd: *mut bindings::io_uring_cmd, issue_flags: c_uint) -> c_int {
        // SAFETY: The caller says so.
        let command = unsafe { Command::new(cmd, issue_flags) };
        let file = command.file();
        // SAFETY: As in `poll`.
        let device = unsafe { T::Ptr::borrow((*file.as_ptr()).private_data) };

        let outcome = T::uring_cmd(device, file, command.request());
        command.end(outcome)
    }
}

/// A registered misc device. Dropping it takes the device away.
///
/// # Invariants
///
/// - `inner` is a `struct miscdevice` made by [`MiscDeviceOptions::into_raw`] for `T`, with the
///   operations of [`Table`] for `T`, and registered with `misc_register()`.
/// - The layout is that of [`MiscDeviceRegistration`]: both are a `struct miscdevice` and nothing
///   else. The kernel crate's `open` finds one by the address of the other.
#[repr(transparent)]
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T> {
    #[pin]
    inner: Opaque<bindings::miscdevice>,
    _t: PhantomData<T>,
}

// SAFETY: `misc_deregister()` may be called on another thread than `misc_register()` was.
unsafe impl<T: MiscDevice> Send for Registration<T> {}

// SAFETY: It has no methods that take `&self`. As the [`MiscDeviceRegistration`] that tasks get to
// see in `open`, at once maybe, it only gives out the device and its address, which may be used in
// parallel.
unsafe impl<T: MiscDevice> Sync for Registration<T> {}

impl<T: Operations> Registration<T> {
    /// The layouts agree, as far as a compiler can tell.
    const LAYOUT: () = {
        assert!(size_of::<Self>() == size_of::<MiscDeviceRegistration<T>>());
        assert!(align_of::<Self>() == align_of::<MiscDeviceRegistration<T>>());
    };

    /// Registers a misc device `name` whose node gets the permissions `mode`.
    ///
    /// Fails with [`EEXIST`] if there is a device of that name, [`EBUSY`] if there is no minor
    /// number left, or [`ENOMEM`].
    pub(crate) fn register(name: &'static CStr, mode: u16) -> impl PinInit<Self, Error> {
        let () = Self::LAYOUT;
        try_pin_init!(Self {
            // INVARIANT: If the initializer succeeds, the device is made by `into_raw`, has the
            // operations, and is registered.
            inner <- Opaque::try_ffi_init(move |slot: *mut bindings::miscdevice| {
                let mut device = MiscDeviceOptions { name }.into_raw::<T>();
                device.mode = mode;
                device.fops = Table::<T>::OPERATIONS;

                // SAFETY: The initializer may write to `slot`.
                unsafe { slot.write(device) };

                // SAFETY: `slot` was just initialized. It is pinned, and deregistered by the
                // destructor before it is freed.
                to_result(unsafe { bindings::misc_register(slot) })
            }),
            _t: PhantomData,
        })
    }
}

#[pinned_drop]
impl<T> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The device is registered by the type invariant, and this happens once.
        unsafe { bindings::misc_deregister(self.inner.get()) };
    }
}
