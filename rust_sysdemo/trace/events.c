// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the tracepoints, and the functions that Rust calls to hit them.
 */
#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include "sysdemo.h"

#include "../bridge/shims.h"
