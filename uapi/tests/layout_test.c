// SPDX-License-Identifier: MIT
/*
 * The uapi's structures and numbers, as programs that exist were built with them.
 * A failure here breaks those programs: a structure may only grow at its end.
 */
#include <hw/packets.h>
#include <mirage.h>
#include <tap.h>

struct layout {
	const char *name;
	size_t size;		/* as compiled */
	size_t want;
	size_t last;		/* offset behind the last field, as compiled */
};

#define LAYOUT(type, last_field, want) \
	{ #type, sizeof(struct type), want, \
	  offsetof(struct type, last_field) + sizeof(((struct type *)0)->last_field) }

static const struct layout layouts[] = {
	LAYOUT(drm_mirage_query, pad, 24),
	LAYOUT(drm_mirage_vm_create, vm_id, 8),
	LAYOUT(drm_mirage_vm_destroy, pad, 8),
	LAYOUT(drm_mirage_vm_stats, values, 16),
	LAYOUT(drm_mirage_fault, error, 32),
	LAYOUT(drm_mirage_place, pad, 32),
	LAYOUT(drm_mirage_vm_faults, places, 40),
	LAYOUT(drm_mirage_svm_query, pages, 32),
	LAYOUT(drm_mirage_svm_populate, size, 24),
	LAYOUT(drm_mirage_svm_migrate, failed, 80),
	LAYOUT(drm_mirage_svm_attr, value, 32),
	LAYOUT(drm_mirage_queue_create, queue_id, 24),
	LAYOUT(drm_mirage_queue_destroy, pad, 8),
	LAYOUT(drm_mirage_queue_query, fault, 96),
	LAYOUT(drm_mirage_array, array, 16),
	LAYOUT(drm_mirage_sync, point, 16),
	LAYOUT(drm_mirage_cmds, size, 16),
	LAYOUT(drm_mirage_user_fence, value, 16),
	LAYOUT(drm_mirage_exec, user_fences, 56),
	LAYOUT(drm_mirage_wait_user_fence, timeout_ns, 32),
	LAYOUT(drm_mirage_bo_create, pad, 32),
	LAYOUT(drm_mirage_bo_userptr, handle, 24),
	LAYOUT(drm_mirage_bo_mmap, offset, 16),
	LAYOUT(drm_mirage_bo_madvise, pad, 16),
	LAYOUT(drm_mirage_bo_query, largest, 40),
	LAYOUT(drm_mirage_bo_label, label, 16),
	LAYOUT(drm_mirage_bo_wait, timeout_ns, 16),
	LAYOUT(drm_mirage_bind, size, 40),
	LAYOUT(drm_mirage_vm_bind, syncs, 40),
	LAYOUT(mirage_dispatch, rsvd1, 128),
};

static void structures_have_no_tail(void)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].size != layouts[i].want)
			tap_fail(__FILE__, __LINE__, "%s has %zu bytes, want %zu",
				 layouts[i].name, layouts[i].size, layouts[i].want);
		if (layouts[i].last != layouts[i].size)
			tap_fail(__FILE__, __LINE__, "%s ends in padding", layouts[i].name);
	}
}

static void ioctl_numbers(void)
{
	CHECK_EQ(DRM_IOCTL_MIRAGE_QUERY, 0xc0186440);
	CHECK_EQ(DRM_IOCTL_MIRAGE_VM_CREATE, 0xc0086441);
	CHECK_EQ(DRM_IOCTL_MIRAGE_VM_DESTROY, 0x40086442);
	CHECK_EQ(DRM_IOCTL_MIRAGE_VM_STATS, 0xc0106443);
	CHECK_EQ(DRM_IOCTL_MIRAGE_VM_FAULTS, 0xc0286444);
	CHECK_EQ(DRM_IOCTL_MIRAGE_SVM_QUERY, 0x40206445);
	CHECK_EQ(DRM_IOCTL_MIRAGE_QUEUE_CREATE, 0xc0186446);
	CHECK_EQ(DRM_IOCTL_MIRAGE_SVM_POPULATE, 0x40186453);
	CHECK_EQ(DRM_IOCTL_MIRAGE_SVM_MIGRATE, 0xc0506454);
	CHECK_EQ(DRM_IOCTL_MIRAGE_SVM_SET_ATTR, 0x40206455);
	CHECK_EQ(DRM_IOCTL_MIRAGE_SVM_GET_ATTR, 0xc0206456);
	CHECK_EQ(DRM_IOCTL_MIRAGE_QUEUE_DESTROY, 0x40086447);
	CHECK_EQ(DRM_IOCTL_MIRAGE_QUEUE_QUERY, 0xc0606448);
	CHECK_EQ(DRM_IOCTL_MIRAGE_EXEC, 0x40386449);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_CREATE, 0xc020644a);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_USERPTR, 0xc018644b);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_MMAP, 0xc010644c);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_MADVISE, 0xc010644d);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_QUERY, 0xc028644e);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_LABEL, 0x4010644f);
	CHECK_EQ(DRM_IOCTL_MIRAGE_BO_WAIT, 0x40106450);
	CHECK_EQ(DRM_IOCTL_MIRAGE_VM_BIND, 0x40286451);
	CHECK_EQ(DRM_IOCTL_MIRAGE_WAIT_USER_FENCE, 0x40206452);
}

static const struct tap_test tests[] = {
	{ "structures-have-no-tail", structures_have_no_tail },
	{ "ioctl-numbers", ioctl_numbers },
};

TAP_MAIN(tests)
