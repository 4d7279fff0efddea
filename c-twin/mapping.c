// SPDX-License-Identifier: GPL-2.0
/*
 * What the device shares with programs, by mmap(2).
 *
 * Twin: rust_sysdemo/device/mapping.rs, rust_sysdemo/bridge/shared_memory.rs
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "shared.h"

/*
 * Maps memory of vmalloc(), all of it. It cannot be mapped to be executed, also not later; nor to
 * be written unless @writable. A mapping has the file open that it is of, and so keeps the memory.
 */
int sdc_map_memory(struct vm_area_struct *vma, void *memory, size_t size, bool writable)
{
	unsigned long address;
	int err;

	if ((vma->vm_flags & VM_EXEC) || (!writable && (vma->vm_flags & VM_WRITE)))
		return -EPERM;
	vm_flags_clear(vma, VM_MAYEXEC | (writable ? 0 : VM_MAYWRITE));
	if (vma->vm_end - vma->vm_start != size)
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND | VM_MIXEDMAP);
	for (address = vma->vm_start; address < vma->vm_end; address += PAGE_SIZE) {
		err = vm_insert_page(vma, address, vmalloc_to_page(memory));
		if (err)
			return err;
		memory += PAGE_SIZE;
	}
	return 0;
}

/* Maps what is at an offset. */
int sdc_map(struct sdc_session *session, struct vm_area_struct *vma)
{
	switch ((u64)vma->vm_pgoff << PAGE_SHIFT) {
	case SYSDEMO_MMAP_VVAR:
		return sdc_vvar_map(session, vma);
	case SYSDEMO_MMAP_RING:
		return sdc_ring_map(session, vma);
	}
	return -EINVAL;
}
