// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "state/store.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "base/error.hpp"
#include "catch.hpp"
#include "linux/file.hpp"
#include "linux/socket.hpp"
#include "state/status.hpp"

using namespace proa;
using namespace std::chrono_literals;

namespace {

/// A root directory of our own, gone with the test.
class Root {
 public:
  Root() {
    char name[] = "/tmp/proa-store-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Root() { (void)!::system(("rm -rf " + path_).c_str()); }
  std::string path() const { return path_ + "/deep/root"; }
  state::Store store() const { return state::Store(path()); }

 private:
  std::string path_;
};

template <class Action>
std::pair<ErrorKind, std::string> error_of(Action action) {
  try {
    action();
  } catch (Error const& error) {
    return {error.kind(), error.text()};
  }
  return {ErrorKind::failed, "no error"};
}

spec::Record record_of_this_process() {
  spec::Record record;
  record.state.id = "web";
  record.state.pid = ::getpid();
  record.state.status = Status::created;
  record.start_time = linux::process_stat(::getpid()).or_fail("stat").start_time;
  record.poststop = {{"/bin/hook", {"hook", "x"}, {"A=b"}, 3}};
  record.cgroups = {{"/sys/fs/cgroup/memory/web", false, true, {"memory"}}};
  return record;
}

}  // namespace

TEST_CASE("ids are letters, digits and a few signs", "[spec:runtime#create]") {
  for (auto const* good : {"a", "web-1", "A_b+c.d", "...", "0"}) {
    CAPTURE(good);
    CHECK(state::valid_id(good));
  }
  for (auto const* bad : {"", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(state::valid_id(bad));
  }
  CHECK(state::valid_id(std::string(1024, 'a')) == true);
  CHECK(state::valid_id(std::string(1025, 'a')) == false);
}

TEST_CASE("an id is unique in its root directory", "[spec:runtime#create][MUST]") {
  Root root;
  (void)root.store().make("web");
  CHECK(error_of([&] { (void)root.store().make("web"); }) ==
        std::pair(ErrorKind::exists, std::string("container with given ID already exists")));
}

TEST_CASE("a container that is not there is said so", "[spec:runtime#query-state][MUST]") {
  Root root;
  CHECK(error_of([&] { (void)root.store().open("web"); }) ==
        std::pair(ErrorKind::not_found, std::string("container does not exist")));
  (void)root.store().make("other");
  CHECK(error_of([&] { (void)root.store().open("web"); }).second == "container does not exist");
}

TEST_CASE("the state directory is closed to others", "[state]") {
  Root root;
  (void)root.store().make("web");
  CHECK((linux::stat_at(linux::at_cwd, root.path()).or_fail("stat").st_mode & 07777) == 01700);
  CHECK((linux::stat_at(linux::at_cwd, root.path() + "/web").or_fail("stat").st_mode & 07777) ==
        0700);
}

TEST_CASE("a record is read as it was written", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  CHECK_FALSE(entry.read());
  auto const written = record_of_this_process();
  entry.write(written);
  auto const read = root.store().open("web").read();
  REQUIRE(read);
  CHECK(read->state.id == "web");
  CHECK(read->state.pid == ::getpid());
  CHECK(read->start_time == written.start_time);
  REQUIRE(read->poststop.size() == 1);
  CHECK(read->poststop[0] == written.poststop[0]);
  REQUIRE(read->cgroups.size() == 1);
  CHECK(read->cgroups[0].path == "/sys/fs/cgroup/memory/web");
  CHECK(read->cgroups[0].created);
}

TEST_CASE("a damaged record is an error, not a crash", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  auto const file =
      linux::open_at(linux::at_cwd, root.path() + "/web/state.json", O_WRONLY | O_CREAT, 0600)
          .or_fail("open");
  linux::write_all(file, "{\"state\": 7").or_fail("write");
  CHECK_THAT(error_of([&] { (void)entry.read(); }).second, ContainsSubstring("state.json"));
}

TEST_CASE("containers are listed in order and without strangers", "[state]") {
  Root root;
  (void)root.store().make("b");
  (void)root.store().make("a");
  linux::mkdir_at(linux::at_cwd, root.path() + "/not an id", 0700).or_fail("mkdir");
  CHECK(root.store().ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("removing takes everything away", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  entry.write(record_of_this_process());
  (void)entry.make_init_lock();
  (void)entry.listen();
  entry.remove();
  CHECK(root.store().ids().empty());
}

TEST_CASE("a second lock waits until its deadline", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  auto lock = entry.lock(linux::in(1s));
  auto const [kind, text] = error_of([&] { (void)entry.lock(linux::in(10ms)); });
  CHECK(kind == ErrorKind::state);
  CHECK_THAT(text, ContainsSubstring("container is busy"));
  lock.release();
  CHECK_NOTHROW(entry.lock(linux::in(1ms)));
}

TEST_CASE("a lock is handed over when its holder lets go", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  auto lock = entry.lock(linux::in(1s));
  auto const child = linux::clone({}).or_fail("clone");
  if (!child) {
    lock = state::Lock();  // our copy
    try {
      auto const own = entry.lock(linux::in(20s));
      ::_exit(0);
    } catch (Error const&) {
      ::_exit(1);
    }
  }
  lock.release();
  CHECK(linux::wait(child->fd).or_fail("wait").status == 0);
}

TEST_CASE("a lock on a container that was deleted meanwhile is not given", "[state]") {
  Root root;
  auto const mine = root.store().make("web");
  auto const theirs = root.store().open("web");
  mine.remove();
  CHECK(error_of([&] { (void)theirs.lock(linux::in(1s)); }).second != "no error");
}

TEST_CASE("init holds its lock until its descriptor is closed", "[state]") {
  Root root;
  auto const entry = root.store().make("web");
  CHECK_FALSE(entry.init_waits());
  auto lock = entry.make_init_lock();
  CHECK(entry.init_waits());
  lock = linux::Fd();
  CHECK_FALSE(entry.init_waits());
}

TEST_CASE("the status follows the process", "[spec:runtime#state][MUST]") {
  Root root;
  auto const entry = root.store().make("web");
  auto record = record_of_this_process();
  CHECK(state::status(entry, record) == Status::running);
  auto const lock = entry.make_init_lock();
  CHECK(state::status(entry, record) == Status::created);
  record.start_time += 1;  // the number has been given to a later process
  CHECK(state::status(entry, record) == Status::stopped);
  record.state.pid = 0;
  record.state.status = Status::creating;
  CHECK(state::status(entry, record) == Status::creating);
}

TEST_CASE("a zombie has stopped", "[spec:runtime#state]") {
  Root root;
  auto const entry = root.store().make("web");
  auto const child = linux::clone({}).or_fail("clone");
  if (!child) ::_exit(0);
  auto record = record_of_this_process();
  record.state.pid = child->number;
  record.start_time = linux::process_stat(child->number).or_fail("stat").start_time;
  linux::wait_ended(child->fd, linux::in(20s)).or_fail("wait");
  CHECK(state::status(entry, record) == Status::stopped);
  CHECK(linux::wait(child->fd).or_fail("reap").status == 0);
}

TEST_CASE("owners have names", "[state]") {
  CHECK(state::owner_name(0) == "root");
  CHECK(state::owner_name(4294967294u) == "4294967294");
}
