// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// clock_gettime(2)
#pragma once

#include <time.h>

namespace proa::linux {

/// CLOCK_REALTIME
timespec wall_time();

}  // namespace proa::linux
