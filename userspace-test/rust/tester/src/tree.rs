// SPDX-License-Identifier: GPL-2.0

//! The tree and its files through the library.

use crate::calls::error;
use crate::ktap::Tests;
use rustix::fs::{Mode, OFlags, fstat};
use rustix::io::{Errno, read, write};
use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use sysdemo::{Device, uapi};

/// How to open, with a mode where something may be made.
fn how(flags: OFlags) -> uapi::sysdemo_open_how {
    let mode = if flags.contains(OFlags::CREATE) {
        Mode::RUSR | Mode::WUSR
    } else {
        Mode::empty()
    };
    uapi::sysdemo_open_how {
        flags: flags.bits().into(),
        mode: mode.bits().into(),
        resolve: 0,
    }
}

fn create(device: &Device, path: &CStr) -> OwnedFd {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    device.open_file(path, &how(flags)).unwrap()
}

/// A file is one that the standard library can do everything with.
fn files_are_files(device: &Device) {
    let mut file = File::from(create(device, c"rust-file"));
    file.write_all(b"some words").unwrap();
    assert_eq!(file.metadata().unwrap().len(), 10);
    file.seek(SeekFrom::Start(5)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "words");
    file.set_len(4).unwrap();
    assert_eq!(device.stat(c"rust-file").unwrap().size, 4);
    let mut copy = file.try_clone().unwrap();
    copy.rewind().unwrap();
    assert_eq!(file.stream_position().unwrap(), 0);
    device.unlink(c"rust-file").unwrap();
    assert_eq!(error(device.stat(c"rust-file")), Errno::NOENT);
    assert_eq!(fstat(&file).unwrap().st_nlink, 0);
}

/// Both ways to read and write share a position.
fn calls_and_system_calls(device: &Device) {
    let file = create(device, c"rust-file");
    assert_eq!(device.write(&file, b"abc").unwrap(), 3);
    assert_eq!(write(&file, b"def").unwrap(), 3);
    let again = device
        .open_file(c"rust-file", &how(OFlags::RDONLY))
        .unwrap();
    let mut buffer = [0; 4];
    assert_eq!(device.read(&again, &mut buffer).unwrap(), 4);
    assert_eq!(&buffer, b"abcd");
    assert_eq!(read(&again, &mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"ef");
    assert_eq!(device.read(&again, &mut buffer).unwrap(), 0);
    assert_eq!(error(device.write(&again, b"x")), Errno::BADF);
    device.unlink(c"rust-file").unwrap();
}

fn foreign_files(device: &Device) {
    let mut buffer = [0; 4];
    let null = File::open("/dev/zero").unwrap();
    assert_eq!(error(device.read(&null, &mut buffer)), Errno::BADF);
    assert_eq!(error(device.read(device, &mut buffer)), Errno::BADF);
    assert_eq!(error(device.write(&null, &buffer)), Errno::BADF);
}

/// More names than come in one piece.
fn lists(device: &Device) {
    device.mkdir(c"rust-folder", 0o700).unwrap();
    let name = |i: u32| std::ffi::CString::new(format!("rust-folder/{i:0100}")).unwrap();
    for i in 0..100 {
        drop(create(device, &name(i)));
    }
    assert_eq!(error(device.rmdir(c"rust-folder")), Errno::NOTEMPTY);
    let entries = device.list(c"rust-folder").unwrap();
    assert_eq!(entries.len(), 100);
    for (i, entry) in (0..).zip(&entries) {
        assert_eq!(entry.name.to_str().unwrap().parse(), Ok(i));
        assert_eq!(entry.ino, device.stat(&name(i)).unwrap().ino);
        assert_eq!(entry.kind, 8, "not DT_REG");
        device.unlink(&name(i)).unwrap();
    }
    assert!(device.list(c"rust-folder").unwrap().is_empty());
    device.rmdir(c"rust-folder").unwrap();
}

fn errors(device: &Device) {
    assert_eq!(error(device.mkdir(c"", 0o700)), Errno::NOENT);
    assert_eq!(error(device.mkdir(c"/", 0o700)), Errno::EXIST);
    assert_eq!(error(device.rmdir(c"/")), Errno::BUSY);
    assert_eq!(error(device.unlink(c"/")), Errno::ISDIR);
    assert_eq!(error(device.list(c"rust-none")), Errno::NOENT);
    drop(create(device, c"rust-file"));
    assert_eq!(error(device.list(c"rust-file")), Errno::NOTDIR);
    assert_eq!(error(device.rmdir(c"rust-file")), Errno::NOTDIR);
    assert_eq!(error(device.mkdir(c"rust-file/x", 0o700)), Errno::NOTDIR);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    assert_eq!(
        error(device.open_file(c"rust-file", &how(flags))),
        Errno::EXIST
    );
    let mut wrong = how(OFlags::RDONLY);
    wrong.mode = 0o600;
    assert_eq!(error(device.open_file(c"rust-file", &wrong)), Errno::INVAL);
    device.unlink(c"rust-file").unwrap();
}

fn files_outlive_the_device(path: &str) {
    let device = Device::open(path).unwrap();
    let mut file = File::from(create(&device, c"rust-file"));
    device.unlink(c"rust-file").unwrap();
    drop(device);
    file.write_all(b"still here").unwrap();
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    tests.add("files_are_files", files_are_files);
    tests.add("calls_and_system_calls", calls_and_system_calls);
    tests.add("foreign_files", foreign_files);
    tests.add("lists", lists);
    tests.add("errors_of_the_tree", errors);
    tests.add_with_path("files_outlive_the_device", files_outlive_the_device);
}
