// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys of what `events` prints, as spec/fields.hpp has those of the specification.  They are
// runc's, and so is what is left out where it is zero.
#pragma once

#include "proa/stats.hpp"
#include "spec/fields.hpp"

namespace proa::spec {

// --------------------------

void visit(auto& v, Of<Stats::PressureLine> auto& p) {
  v.required("avg10", p.avg10);
  v.required("avg60", p.avg60);
  v.required("avg300", p.avg300);
  v.required("total", p.total);
}

void visit(auto& v, Of<Stats::Pressure> auto& p) {
  v.required("some", p.some);
  v.required("full", p.full);
}

void visit(auto& v, Of<Stats::CpuUsage> auto& u) {
  v.optional("total", u.total);
  v.optional("percpu", u.percpu);
  v.optional("percpu_kernel", u.percpu_kernel);
  v.optional("percpu_user", u.percpu_user);
  v.required("kernel", u.kernel);
  v.required("user", u.user);
}

void visit(auto& v, Of<Stats::Throttling> auto& t) {
  v.optional("periods", t.periods);
  v.optional("throttledPeriods", t.throttled_periods);
  v.optional("throttledTime", t.throttled_time);
}

void visit(auto& v, Of<Stats::Cpu> auto& c) {
  v.required("usage", c.usage);
  v.optional("throttling", c.throttling);
  v.optional("psi", c.pressure);
}

void visit(auto& v, Of<Stats::Cpuset> auto& c) {
  v.optional("cpus", c.cpus);
  v.required("cpu_exclusive", c.cpu_exclusive);
  v.optional("mems", c.mems);
  v.required("mem_hardwall", c.mem_hardwall);
  v.required("mem_exclusive", c.mem_exclusive);
  v.required("memory_migrate", c.memory_migrate);
  v.required("memory_spread_page", c.memory_spread_page);
  v.required("memory_spread_slab", c.memory_spread_slab);
  v.required("memory_pressure", c.memory_pressure);
  v.required("sched_load_balance", c.sched_load_balance);
  v.required("sched_relax_domain_level", c.sched_relax_domain_level);
}

void visit(auto& v, Of<Stats::MemoryUse> auto& m) {
  v.required("limit", m.limit);
  v.optional("usage", m.usage);
  v.optional("max", m.max);
  v.required("failcnt", m.failcnt);
}

void visit(auto& v, Of<Stats::Memory> auto& m) {
  v.optional("cache", m.cache);
  v.optional("usage", m.usage);
  v.optional("swap", m.swap);
  v.optional("kernel", m.kernel);
  v.optional("kernelTCP", m.kernel_tcp);
  v.optional("raw", m.raw);
  v.optional("psi", m.pressure);
}

void visit(auto& v, Of<Stats::Pids> auto& p) {
  v.optional("current", p.current);
  v.optional("limit", p.limit);
}

void visit(auto& v, Of<Stats::BlockIoEntry> auto& e) {
  v.optional("major", e.major);
  v.optional("minor", e.minor);
  v.optional("op", e.op);
  v.optional("value", e.value);
}

void visit(auto& v, Of<Stats::BlockIo> auto& b) {
  v.optional("ioServiceBytesRecursive", b.service_bytes);
  v.optional("ioServicedRecursive", b.serviced);
  v.optional("ioQueueRecursive", b.queued);
  v.optional("ioServiceTimeRecursive", b.service_time);
  v.optional("ioWaitTimeRecursive", b.wait_time);
  v.optional("ioMergedRecursive", b.merged);
  v.optional("ioTimeRecursive", b.time);
  v.optional("sectorsRecursive", b.sectors);
  v.optional("psi", b.pressure);
}

void visit(auto& v, Of<Stats::Hugepages> auto& h) {
  v.optional("usage", h.usage);
  v.optional("max", h.max);
  v.required("failcnt", h.failcnt);
}

void visit(auto& v, Of<Stats> auto& s) {
  v.required("cpu", s.cpu);
  v.required("cpuset", s.cpuset);
  v.required("memory", s.memory);
  v.required("pids", s.pids);
  v.required("blkio", s.block_io);
  v.required("hugetlb", s.hugetlb);
  v.group("intel_rdt", [](auto&) {});
  v.required("network_interfaces", s.network_interfaces);
}

void visit(auto& v, Of<Event> auto& e) {
  v.required("type", e.type);
  v.required("id", e.id);
  v.optional("data", e.data);
}

}  // namespace proa::spec
