// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/prctl.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/weaken.hpp"

namespace proa::linux {

namespace {

Outcome<void> prctl(int operation, unsigned long argument, unsigned long second = 0) {
  return checked(::prctl(operation, argument, second, 0, 0));
}

Outcome<bool> asked(int answer) {
  if (answer < 0) return Errno::last();
  return answer != 0;
}

// capset(2): version 3 has two words of 32 bits for each set.
constexpr int words = _LINUX_CAPABILITY_U32S_3;

constexpr std::uint64_t joined(std::uint32_t low, std::uint32_t high) {
  return std::uint64_t{high} << 32 | low;
}

}  // namespace

Outcome<void> set_dumpable(Dumpable dumpable) {
  // The kernel's own defence is gone as well where fs.suid_dumpable is 1.
  if (weakened("undumpable")) dumpable = Dumpable::yes;
  return prctl(PR_SET_DUMPABLE, dumpable == Dumpable::yes ? 1 : 0);
}

Outcome<void> set_parent_death_signal(int signal) {
  return prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal));
}

Outcome<int> parent_death_signal() {
  int signal = 0;
  if (::prctl(PR_GET_PDEATHSIG, &signal) < 0) return Errno::last();
  return signal;
}

Outcome<void> set_no_new_privileges() { return prctl(PR_SET_NO_NEW_PRIVS, 1); }
Outcome<void> set_name(std::string const& name) {
  return checked(::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0));
}
Outcome<void> set_child_subreaper() { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

Outcome<void> set_keep_capabilities(KeepCapabilities keep) {
  return prctl(PR_SET_KEEPCAPS, keep == KeepCapabilities::yes ? 1 : 0);
}

Outcome<CapabilitySets> capability_sets() {
  ::__user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  ::__user_cap_data_struct data[words]{};
  if (::syscall(SYS_capget, &header, data) < 0) return Errno::last();
  return CapabilitySets{joined(data[0].effective, data[1].effective),
                        joined(data[0].permitted, data[1].permitted),
                        joined(data[0].inheritable, data[1].inheritable)};
}

Outcome<void> set_capabilities(CapabilitySets const& sets) {
  ::__user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  ::__user_cap_data_struct data[words]{};
  for (int word = 0; word < words; ++word) {
    data[word].effective = static_cast<std::uint32_t>(sets.effective >> (32 * word));
    data[word].permitted = static_cast<std::uint32_t>(sets.permitted >> (32 * word));
    data[word].inheritable = static_cast<std::uint32_t>(sets.inheritable >> (32 * word));
  }
  return checked(::syscall(SYS_capset, &header, data));
}

Outcome<bool> in_bounding_set(unsigned capability) {
  return asked(::prctl(PR_CAPBSET_READ, static_cast<unsigned long>(capability), 0, 0, 0));
}

Outcome<void> drop_from_bounding_set(unsigned capability) {
  return prctl(PR_CAPBSET_DROP, capability);
}

Outcome<void> clear_ambient() { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL); }

Outcome<void> raise_ambient(unsigned capability) {
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
}

Outcome<bool> in_ambient_set(unsigned capability) {
  return asked(
      ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, static_cast<unsigned long>(capability), 0, 0));
}

}  // namespace proa::linux
