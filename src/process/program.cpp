// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/program.hpp"

#include <elf.h>
#include <fmt/core.h>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/text.hpp"

namespace proa::process {

namespace {

/// A structure at `offset`, if all of it is there.
template <class T>
std::optional<T> structure(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool is_elf(std::string_view head) { return head.starts_with(ELFMAG) && head.size() > EI_DATA; }

bool is_native_order(std::string_view head) {
  constexpr char own = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  return head[EI_DATA] == own;
}

/// The text of PT_INTERP, of ELF files of one class.
template <class Header, class Segment>
std::string_view loader(std::string_view head) {
  auto const header = structure<Header>(head, 0);
  if (!header) return {};
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    auto const at = std::uint64_t{header->e_phoff} + std::uint64_t{i} * header->e_phentsize;
    auto const segment = structure<Segment>(head, at);
    if (!segment) return {};
    if (segment->p_type != PT_INTERP) continue;
    if (segment->p_offset > head.size()) return {};
    auto const text = head.substr(segment->p_offset, segment->p_filesz);
    return text.substr(0, text.find('\0'));
  }
  return {};
}

/// The first word behind "#!".  A carriage return belongs to it: the kernel takes it for that.
std::string_view script_interpreter(std::string_view head) {
  auto line = head.substr(2, head.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return line.substr(0, line.find_first_of(" \t"));
}

std::string missing(std::string_view head) {
  auto const name = interpreter(head);
  if (name.empty()) return {};
  if (name.ends_with('\r')) {
    return fmt::format(R"(its interpreter "{}\r" is missing: the file has DOS line ends)",
                       name.substr(0, name.size() - 1));
  }
  return fmt::format("its interpreter \"{}\" is missing", name);
}

std::string wrong_format(std::string_view head) {
  if (head.empty()) return "the file is empty";
  if (is_elf(head)) return "the program is built for another processor";
  return "it is no ELF program, and a script has to begin with \"#!\"";
}

}  // namespace

std::string_view interpreter(std::string_view head) {
  if (head.starts_with("#!")) return script_interpreter(head);
  if (!is_elf(head) || !is_native_order(head)) return {};
  if (head[EI_CLASS] == ELFCLASS64) return loader<Elf64_Ehdr, Elf64_Phdr>(head);
  if (head[EI_CLASS] == ELFCLASS32) return loader<Elf32_Ehdr, Elf32_Phdr>(head);
  return {};
}

std::string remark(int number, std::string_view head) {
  if (number == ENOENT) return missing(head);
  if (number == ENOEXEC) return wrong_format(head);
  return {};
}

}  // namespace proa::process
