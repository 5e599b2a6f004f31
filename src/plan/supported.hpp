// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// config.md#valid-values: what proa reads but can't apply yet is an error, never ignored.
#pragma once

#include "proa/spec.hpp"

namespace proa {

/// Throws Error{unsupported} "/linux/intelRdt: not supported yet" for the first such property.
void refuse_unsupported(Spec const& spec);

}  // namespace proa
