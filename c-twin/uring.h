/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands by io_uring, for the table of file operations.
 */
#ifndef SDC_URING_H
#define SDC_URING_H

struct io_uring_cmd;

int sdc_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

#endif /* SDC_URING_H */
