// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/log.hpp"

#include <chrono>

#include "base/error.hpp"
#include "cli/output.hpp"
#include "linux/file.hpp"

namespace proa::cli {

namespace {

/// RFC 3339, UTC, in seconds.
std::string now() {
  using namespace std::chrono;
  auto const time = floor<seconds>(system_clock::now());
  auto const day = floor<days>(time);
  year_month_day const date(day);
  hh_mm_ss const clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

void Log::open(std::string_view path, LogFormat format, log::Level wanted) {
  format_ = format;
  level = wanted;
  daemon_ = LogDaemon::open(path);
  if (daemon_) return;
  if (path.starts_with("file:")) path.remove_prefix(5);
  // Standard error has a form of its own, and a pipe or a socket cannot be opened by this name.
  if (path.empty() || path == "/dev/stderr") return;
  file_ = linux::open_at(linux::at_cwd, std::string(path), O_WRONLY | O_APPEND | O_CREAT, 0644)
              .or_fail("open log file {}", path);
}

void Log::line(log::Level severity, std::string_view text) {
  if (daemon_) return daemon_->send(severity, text);
  auto const one = formatted(severity, text);
  if (format_ == LogFormat::json && level <= log::Level::warning) {
    held_back_ += one;
  } else {
    write(one);
  }
}

void Log::succeed() {
  write(held_back_);
  held_back_.clear();
}

void Log::fail(std::string_view text) {
  held_back_.clear();
  auto const sentence = fmt::format("{}: {}", subject_, text);
  if (daemon_) {
    daemon_->send(log::Level::error, sentence);
  } else if (file_ || format_ == LogFormat::json) {
    write(formatted(log::Level::error, sentence));
    if (!file_) return;
  }
  put(standard_error, one_line(sentence) + "\n").ignore();  // there is nobody else to tell
}

std::string Log::formatted(log::Level severity, std::string_view text) const {
  // The keys of logrus, which engines parse.
  auto const message = json_escaped(text);
  if (format_ == LogFormat::json) {
    return fmt::format("{{\"level\":\"{}\",\"msg\":\"{}\",\"time\":\"{}\"}}\n", log::word(severity),
                       message, now());
  }
  return fmt::format("time=\"{}\" level={} msg=\"{}\"\n", now(), log::word(severity), message);
}

void Log::write(std::string_view lines) const {
  if (lines.empty()) return;
  // A full disk or a reader that has gone must not stop a container.
  put(file_ ? linux::FdRef(file_) : standard_error, lines).ignore();
}

}  // namespace proa::cli
