/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SYSDEMO_COVER_H
#define SYSDEMO_COVER_H

/* Called by nobody but what the compiler made, under this name. */
void sysdemo_cover(void);

#endif
