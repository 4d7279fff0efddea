/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SYSDEMO_ADDING_H
#define SYSDEMO_ADDING_H

/* In Rust: see adding.rs. */
void plain_in_rust(unsigned long *number);
void marked_in_rust(unsigned long *number);
void overflow_in_rust(unsigned long *number);

#endif
