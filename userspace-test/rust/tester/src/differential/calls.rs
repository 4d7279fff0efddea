// SPDX-License-Identifier: GPL-2.0

//! Calls and commands with arguments of all kinds, on two devices that speak the same ABI: results
//! and memory have to be the same. The kernel has no such calls, so it takes no part in this.

mod arena;
mod generate;
mod side;
mod step;

use super::{Options, Rival, again, explore};
use crate::ktap::Tests;
use side::Side;
use step::Step;

/// First line of a script.
pub(crate) const FAMILY: &str = "calls";

/// Adds the test, if there is another device.
pub(crate) fn add(tests: &mut Tests, options: Options, rival: &Rival) {
    let Rival::Device(other) = rival.clone() else {
        return;
    };
    tests.add_with_path("differential_calls", move |path| {
        let (ours, theirs) = (Side::new(path), Side::new(&other));
        explore(FAMILY, options, 4000, &generate::steps(), ours, theirs);
        println!("# {}", side::outcome());
    });
}

/// Takes the steps of a script; gives whether both devices say the same.
///
/// Fails if there is no other device.
pub(crate) fn replay(path: &str, rival: &Rival, steps: &[Step]) -> Result<bool, String> {
    match rival {
        Rival::Kernel => Err("these steps take two devices: --against DEVICE".into()),
        Rival::Device(other) => Ok(again(steps, Side::new(path), Side::new(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::generate;
    use crate::differential::are_read_as_written;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scripts_are_read_as_they_were_written(written in generate::steps()) {
            prop_assert!(are_read_as_written(super::FAMILY, &written));
        }
    }
}
