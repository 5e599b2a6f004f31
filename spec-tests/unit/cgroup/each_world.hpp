// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A case that runs in each of the three cgroup worlds, and skips those that this host has not got.
#pragma once

#include "catch.hpp"
#include "skip.hpp"
#include "world.hpp"

#define IN_EACH_WORLD(name, tags)                                                            \
  TEMPLATE_TEST_CASE_SIG(name, "[root]" tags, ((worlds::Kind kind), kind), worlds::Kind::v1, \
                         worlds::Kind::hybrid, worlds::Kind::v2)

#define IN_WORLD_OR_SKIP(world) \
  if (!(world).missing().empty()) SKIP_BECAUSE((world).missing())
