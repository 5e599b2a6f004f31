// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "security/capabilities.hpp"

#include <sys/capability.h>

#include <bit>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "linux/prctl.hpp"

namespace proa::capabilities {

namespace {

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

constexpr std::uint64_t all_up_to(unsigned last) { return ~std::uint64_t{0} >> (63 - last); }

std::uint64_t grantable(Host const& host, Source source) {
  if (source == Source::user_namespace) return all_up_to(host.last_capability);
  return host.capabilities & host.bounding;
}

/// Turns lists of names into bits and warns of each name once.
class Reader {
 public:
  Reader(Host const& host, std::uint64_t grantable) : host_(host), grantable_(grantable) {}

  std::uint64_t bits(std::vector<std::string> const& wanted) {
    std::uint64_t set = 0;
    for (auto const& name : wanted) {
      auto const known = number(name);
      if (!known || *known > host_.last_capability) {
        refuse(name, "is unknown here");
      } else if ((grantable_ & bit(*known)) == 0) {
        refuse(name, "can't be granted");
      } else {
        set |= bit(*known);
      }
    }
    return set;
  }

  /// Drops from `set` what is not in `needed`, because capset(2) would refuse the whole.
  void confine(std::uint64_t& set, std::uint64_t needed, std::string_view why) {
    for (auto refused = set & ~needed; refused != 0; refused &= refused - 1) {
      refuse(name(static_cast<unsigned>(std::countr_zero(refused))), why);
    }
    set &= needed;
  }

 private:
  void refuse(std::string const& name, std::string_view why) {
    if (warned_.insert(name).second) log::warn("capability {} {}, ignored", name, why);
  }

  Host const& host_;
  std::uint64_t grantable_;
  std::set<std::string> warned_;
};

}  // namespace

std::optional<Plan> plan(spec::Process const& process, Host const& host, Source source) {
  if (!process.capabilities) return std::nullopt;
  auto const& wanted = *process.capabilities;
  Reader reader(host, grantable(host, source));
  Plan plan;
  plan.last = host.last_capability;
  plan.bounding = reader.bits(wanted.bounding);
  plan.permitted = reader.bits(wanted.permitted);
  plan.effective = reader.bits(wanted.effective);
  plan.inheritable = reader.bits(wanted.inheritable);
  plan.ambient = reader.bits(wanted.ambient);
  reader.confine(plan.effective, plan.permitted, "is effective but not permitted");
  reader.confine(plan.inheritable, plan.bounding, "is inheritable but not in the bounding set");
  return plan;
}

void drop_bounding(Plan const& plan) {
  for (unsigned capability = 0; capability <= plan.last; ++capability) {
    if ((plan.bounding & bit(capability)) != 0) continue;
    auto const dropped = linux::drop_from_bounding_set(capability);
    if (dropped) continue;
    // Without CAP_SETPCAP nothing can be dropped, which is well where it is not there anyway.
    auto const present = linux::in_bounding_set(capability);
    if (present && !*present) continue;
    dropped.or_fail("drop {} from the bounding set", name(capability));
  }
}

void apply(Plan const& plan) {
  linux::set_capabilities({plan.effective, plan.permitted, plan.inheritable})
      .or_fail("apply capabilities");
  linux::clear_ambient().or_fail("clear ambient capabilities");
  for (auto ambient = plan.ambient; ambient != 0; ambient &= ambient - 1) {
    auto const capability = static_cast<unsigned>(std::countr_zero(ambient));
    auto const raised = linux::raise_ambient(capability);
    if (!raised) {
      log::warn("can't raise ambient capability {}: {}", name(capability),
                errno_text(raised.error()));
    }
  }
}

std::optional<unsigned> number(std::string const& name) {
  if (!name.starts_with("CAP_")) return std::nullopt;
  ::cap_value_t value = 0;
  if (::cap_from_name(name.c_str(), &value) < 0 || value < 0) return std::nullopt;
  auto const found = static_cast<unsigned>(value);
  // libcap takes any case.
  if (capabilities::name(found) != name) return std::nullopt;
  return found;
}

std::string name(unsigned capability) {
  std::unique_ptr<char, int (*)(void*)> const known(
      ::cap_to_name(static_cast<::cap_value_t>(capability)), ::cap_free);
  if (!known) return fmt::format("CAP_{}", capability);
  std::string name = known.get();
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    all.push_back(name(capability));
  }
  return all;
}

}  // namespace proa::capabilities
