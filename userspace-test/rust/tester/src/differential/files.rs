// SPDX-License-Identifier: GPL-2.0

//! Files: the module's tree, and a tmpfs.

mod generate;
mod module;
mod path;
mod side;
mod step;
mod tmpfs;
mod user;

use super::apart::on_a_tmpfs;
use super::{Options, Rival, again, explore};
use crate::ktap::Tests;
pub(crate) use module::DIRECTORY;
use proptest::prelude::Strategy;
use side::Side;
use step::Step;
use sysdemo::Device;
use tmpfs::Tmpfs;

/// First line of a script.
pub(crate) const FAMILY: &str = "files";

/// Adds a test that compares cases of one kind.
fn add_kind<S>(
    tests: &mut Tests,
    options: Options,
    rival: &Rival,
    name: &str,
    cases: u32,
    strategy: impl Fn() -> S + Send + Sync + 'static,
) where
    S: Strategy<Value = Vec<Step>>,
{
    let rival = rival.clone();
    tests.add(format!("differential_files_{name}"), move |device| {
        // Before the root becomes another one.
        let other = rival.open();
        on_a_tmpfs(|| {
            let (ours, strategy) = (Side::new(device), strategy());
            match &other {
                None => explore(FAMILY, options, cases, &strategy, ours, Side::new(Tmpfs)),
                Some(other) => explore(FAMILY, options, cases, &strategy, ours, Side::new(other)),
            }
        });
    });
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests, options: Options, rival: &Rival) {
    add_kind(tests, options, rival, "names", 600, generate::names);
    add_kind(tests, options, rival, "contents", 600, generate::contents);
    add_kind(tests, options, rival, "rights", 600, generate::rights);
    add_kind(tests, options, rival, "opens", 800, generate::opens);
}

/// Takes the steps of a script; gives whether both worlds say the same.
pub(crate) fn replay(device: &Device, rival: &Rival, steps: &[Step]) -> bool {
    let other = rival.open();
    on_a_tmpfs(|| match &other {
        None => again(steps, Side::new(device), Side::new(Tmpfs)),
        Some(other) => again(steps, Side::new(device), Side::new(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::generate;
    use crate::differential::are_read_as_written;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scripts_are_read_as_they_were_written(
            written in prop_oneof![
                generate::names(),
                generate::contents(),
                generate::rights(),
                generate::opens(),
            ]
        ) {
            prop_assert!(are_read_as_written(super::FAMILY, &written));
        }
    }
}
