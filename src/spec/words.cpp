// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/words.hpp"

namespace proa {

char const* word(Status status) { return spec::word_of(status).data(); }

}  // namespace proa
