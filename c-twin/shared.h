/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is shared with programs: the rings of an open device, and the page with the facts.
 */
#ifndef SDC_SHARED_H
#define SDC_SHARED_H

#include "twin.h"

struct sdc_ring;
struct vm_area_struct;

/* ring.c */
void sdc_ring_free(struct sdc_ring *ring);
long sdc_ring_set_up(struct sdc_session *session, struct sysdemo_ring __user *arg);
int sdc_ring_map(struct sdc_session *session, struct vm_area_struct *vma);
long sdc_ring_enter(struct sdc_context *ctx, unsigned long asked);

/* vvar.c */
int sdc_vvar_init(void);
void sdc_vvar_destroy(void);
int sdc_vvar_map(struct sdc_session *session, struct vm_area_struct *vma);

/* mapping.c */
int sdc_map_memory(struct vm_area_struct *vma, void *memory, size_t size, bool writable);
int sdc_map(struct sdc_session *session, struct vm_area_struct *vma);

#endif /* SDC_SHARED_H */
