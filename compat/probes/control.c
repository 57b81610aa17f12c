// SPDX-License-Identifier: GPL-2.0
/* Compiles on every kernel: see Kbuild. */
#include <linux/module.h>
