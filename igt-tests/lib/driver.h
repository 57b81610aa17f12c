/* SPDX-License-Identifier: MIT */
/*
 * Taking the driver from the device under test, and giving it back.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>

void driver_find_device(void);
const char *driver_device(void);
void driver_unbind(void);
void driver_bind(void);
int driver_open_bind(void);
int driver_try_bind(int fd);
bool driver_is_there(void);
void driver_assert_works(void);

#endif /* DRIVER_H */
