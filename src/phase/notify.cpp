// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "phase/notify.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "linux/exec.hpp"
#include "linux/socket.hpp"
#include "rootfs/plan_mounts.hpp"

namespace proa::phase {

namespace {

using namespace std::chrono_literals;

constexpr char inside[] = "/run/notify";
constexpr std::string_view variable = "NOTIFY_SOCKET=";

// sd_notify(3) of systemd 257.  Not among them: MAINPID and MAINPIDFDID, which is ours to say;
// BARRIER, which we answer; FDSTORE, FDSTOREREMOVE, FDNAME and FDPOLL, which fill the manager with
// descriptors; NOTIFYACCESS, WATCHDOG_USEC and EXTEND_TIMEOUT_USEC, which are the administrator's.
constexpr std::string_view allowed[] = {
    "READY=", "RELOADING=", "STOPPING=",     "MONOTONIC_USEC=", "STATUS=",
    "ERRNO=", "BUSERROR=",  "VARLINKERROR=", "EXIT_STATUS=",    "WATCHDOG=",
};

constexpr std::size_t longest = 4096;  // of a datagram
constexpr unsigned most = 100;         // datagrams in each `period`
constexpr auto period = 1s;
constexpr auto patience = 30s;  // for a manager that does not read: sd_notify_barrier(3)

bool may_pass(std::string_view line) {
  bool const known =
      std::ranges::any_of(allowed, [&](std::string_view name) { return line.starts_with(name); });
  // No manager's log or terminal is written to with control characters.
  return known && std::ranges::none_of(line, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

bool says_ready(std::string_view text) {
  return text.starts_with("READY=1\n") || text.find("\nREADY=1\n") != text.npos;
}

/// One datagram without its descriptors: read(2) has no room for them, so the kernel closes them.
linux::Outcome<std::string> read_datagram(linux::FdRef socket) {
  std::array<char, longest + 1> buffer;
  auto const size = linux::read_some(socket, buffer);
  if (!size) return linux::Errno{size.error()};
  // The rest of one that is longer is gone.
  return *size > longest ? std::string() : std::string(buffer.data(), *size);
}

}  // namespace

bool offer_notify_socket(Spec& spec, std::string const& directory) {
  if (!spec.process || !rootfs::has_namespace(spec, spec::NamespaceType::mount)) return false;
  auto& env = spec.process->env;
  bool const own = std::ranges::any_of(
      env, [](std::string const& entry) { return entry.starts_with(variable); });
  bool const mounted = std::ranges::any_of(
      spec.mounts, [](spec::Mount const& mount) { return mount.destination == inside; });
  if (own || mounted) return false;
  spec::Mount mount;
  mount.destination = inside;
  mount.type = "bind";
  mount.source = directory;
  mount.options = {"bind", "ro", "nosuid", "nodev", "noexec"};
  spec.mounts.push_back(std::move(mount));
  env.push_back(fmt::format("{}{}/{}", variable, inside, state::notify_socket));
  return true;
}

std::string forwardable(std::string_view datagram) {
  std::string kept;
  for (auto const line : text::split(datagram, '\n')) {
    if (may_pass(line)) kept += fmt::format("{}\n", line);
  }
  return kept;
}

std::optional<Notifier> Notifier::open(state::Entry const& entry, std::string const& manager) {
  try {
    auto connection = linux::connect_datagrams(manager).or_fail("NOTIFY_SOCKET {}", manager);
    return Notifier(entry.listen_for_notices(), std::move(connection));
  } catch (Error const& error) {
    // A container that cannot be waited for still is a container that runs.
    log::warn("nobody is told that the container is ready: {}", error.what());
    return std::nullopt;
  }
}

bool Notifier::resting() const { return taken_ >= most && Clock::now() < since_ + period; }

linux::Deadline Notifier::deadline() const {
  if (!container_ || !resting()) return std::nullopt;
  return since_ + period;
}

void Notifier::add_to(std::vector<pollfd>& fds) {
  first_ = fds.size();
  bool const reads = container_ && pending_.empty() && !resting();
  bool const writes = container_ && !pending_.empty();
  // A negative descriptor is not polled.
  fds.push_back({reads ? container_.number() : -1, POLLIN, 0});
  fds.push_back({writes ? manager_.number() : -1, POLLOUT, 0});
}

void Notifier::pump(std::vector<pollfd> const& fds) {
  if (fds[first_].revents != 0) take();
  if (fds[first_ + 1].revents != 0) pass_on();
}

void Notifier::take() {
  auto const now = Clock::now();
  if (now >= since_ + period) {
    since_ = now;
    taken_ = 0;
  }
  ++taken_;
  auto const datagram = read_datagram(container_);
  if (!datagram) return;  // EAGAIN: somebody else's wake-up
  pending_ = forwardable(*datagram);
  if (says_ready(pending_)) pending_ = fmt::format("MAINPID={}\n{}", main_, pending_);
  if (!pending_.empty()) pass_on();
}

void Notifier::pass_on() {
  auto const sent = linux::send_packet(manager_, pending_);
  if (sent.is(EAGAIN, ENOBUFS)) return;  // its queue is full
  if (!sent) {
    log::warn("the manager is not told \"{}\": {}", text::trim(pending_), errno_text(sent.error()));
    container_ = linux::Fd();
  }
  ready_ = ready_ || says_ready(pending_);
  pending_.clear();
}

void Notifier::drain() {
  // The queue holds max_dgram_qlen, unix(7); what still is sent by processes that outlive the
  // container's first is not waited for.
  constexpr unsigned rounds = 64;
  auto const limit = linux::in(patience);
  for (unsigned round = 0; round < rounds && container_; ++round) {
    std::vector<pollfd> fds;
    taken_ = 0;
    add_to(fds);
    bool const sending = !pending_.empty();
    auto const found = linux::poll(fds, sending ? limit : linux::in(0ms));
    if (!found || !*found) return;
    pump(fds);
  }
}

void Notifier::wait_ready(linux::Pid const& process) {
  while (container_ && !ready_) {
    std::vector<pollfd> fds{{process.fd.number(), POLLIN, 0}};
    add_to(fds);
    linux::poll_process(fds, deadline()).or_fail("wait for the container to be ready");
    pump(fds);
    if (fds[0].revents == 0) continue;
    drain();
    break;
  }
  if (ready_ && container_) await_manager();
}

/// sd_notify_barrier(3): the manager closes the pipe when it has read all that came before.  When
/// this process ends sooner, it may not be able to tell where a message came from.
void Notifier::await_manager() {
  auto ends = linux::pipe().or_fail("make a barrier");
  if (!linux::send_packet(manager_, "BARRIER=1", ends.second)) return;
  ends.second = linux::Fd();
  pollfd closed{ends.first.number(), POLLIN, 0};
  auto const done = linux::poll({&closed, 1}, linux::in(patience));
  if (done && !*done) log::warn("the manager does not answer: it may not know BARRIER=1");
}

}  // namespace proa::phase
