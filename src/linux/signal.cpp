// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "linux/signal.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace proa::linux {

namespace {

std::string upper(std::string_view word) {
  std::string result(word);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

using Named = std::pair<std::string_view, int>;

constexpr auto table = std::to_array<Named>({
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGABRT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
});
static_assert(std::is_sorted(table.begin(), table.end()));

// Not the SIGRTMIN of the libc that proa is built with: musl's is 35, yet "SIGRTMIN+3" in an
// image's STOPSIGNAL was written for glibc's 34.  signal(7)
constexpr int first_realtime = 34;
constexpr int last_signal = 64;

std::optional<int> in_range(std::optional<int> number, int lowest) {
  if (!number || *number < lowest || *number > last_signal) return std::nullopt;
  return number;
}

/// "", "+3" behind RTMIN; "", "-1" behind RTMAX.
std::optional<int> realtime(std::string_view offset, int base, char sign) {
  if (offset.empty()) return base;
  auto const distance = text::number<unsigned char>(offset.substr(1));
  if (offset[0] != sign || !distance) return std::nullopt;
  return in_range(sign == '+' ? base + *distance : base - *distance, first_realtime);
}

}  // namespace

std::optional<int> signal_number(std::string_view word) {
  if (auto const number = text::number<unsigned char>(word)) return in_range(*number, 0);
  std::string const capitals = upper(word);
  std::string_view name = capitals;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  if (name.starts_with("RTMIN")) return realtime(name.substr(5), first_realtime, '+');
  if (name.starts_with("RTMAX")) return realtime(name.substr(5), last_signal, '-');
  auto const found = std::ranges::lower_bound(table, name, {}, &Named::first);
  if (found == table.end() || found->first != name) return std::nullopt;
  return found->second;
}

std::vector<std::string_view> signal_names() {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (auto const& [name, number] : table) names.push_back(name);
  return names;
}

Outcome<struct ::sigaction> set_disposition(int signal, struct ::sigaction const& action) {
  struct ::sigaction before {};
  if (::sigaction(signal, &action, &before) < 0) return Errno::last();
  return before;
}

}  // namespace proa::linux
