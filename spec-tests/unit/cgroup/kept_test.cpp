// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What files say, kept over a systemd that is the test's own hand.  A plain file is not cut by a
// write, so that old and new values have the same length here.

#include "cgroup/kept.hpp"

#include "catch.hpp"
#include "fake_tree.hpp"

using namespace proa;
using cgroup::Kept;

TEST_CASE("what systemd rounds or knows nothing of is put back", "[update]") {
  fake::Group web(true, {"cpu", "memory", "pids"});
  web.file("cpu.max", "12345 100000\n").file("memory.oom.group", "1\n");
  web.file("memory.max", "67108864\n").file("pids.max", "0\n").file("cpu.weight", "174\n");
  Kept const kept(web.record());
  web.file("cpu.max", "13000 100000\n").file("memory.oom.group", "0\n");
  web.file("memory.max", "max\n").file("pids.max", "1\n");
  kept.put_back();
  CHECK(web.text("cpu.max") == "12345 100000");
  CHECK(web.text("memory.oom.group") == "1");
  CHECK(web.text("memory.max") == "67108864");
  CHECK(web.text("pids.max") == "0");
  CHECK(web.text("cpu.weight") == "174");
}

TEST_CASE("quota and period of v1 are put back", "[update]") {
  fake::Group web(false, {"cpu"});
  web.file("cpu.cfs_quota_us", "12345\n").file("cpu.cfs_period_us", "100000\n");
  Kept const kept(web.record());
  web.file("cpu.cfs_quota_us", "13000\n");
  kept.put_back();
  CHECK(web.text("cpu.cfs_quota_us") == "12345");
  CHECK(web.text("cpu.cfs_period_us") == "100000");
}

TEST_CASE("of a file with a line for each device those are put back that are missing", "[update]") {
  fake::Group web(true, {"io"});
  web.file("io.weight", "default 100\n8:0 50\n");
  Kept const kept(web.record());
  web.file("io.weight", "default 200\n8:0 50\n");
  kept.put_back();
  CHECK(web.text("io.weight") == "default 100\n8:0 50");
}

TEST_CASE("a file that nobody has changed is not written", "[update]") {
  fake::Group web(true, {"memory"});
  web.file("memory.max", "  max\n");
  Kept const kept(web.record());
  kept.put_back();
  // The kernel's own form is another than what is written.
  CHECK(*linux::read_file(linux::at_cwd, web.record().path + "/memory.max") == "  max\n");
}

TEST_CASE("what there is no file of, or no group, is left alone", "[update]") {
  fake::Group web(true, {"memory"});
  Kept const before(web.record());
  web.file("memory.max", "max\n");
  before.put_back();
  CHECK(web.text("memory.max") == "max");
  Kept({"/no/such/group", true, true, {"memory"}}).put_back();
}
