// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "process/program.hpp"

#include <elf.h>
#include <errno.h>

#include <cstring>

#include "catch.hpp"

using namespace proa::process;

namespace {

template <class T>
void put(std::string& bytes, std::size_t offset, T const& value) {
  if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// A 64-bit program of this machine's byte order that asks for `loader`.
std::string elf(std::string const& loader) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr segments[2]{};
  segments[0].p_type = PT_LOAD;
  segments[1].p_type = PT_INTERP;
  segments[1].p_offset = sizeof header + sizeof segments;
  segments[1].p_filesz = loader.size() + 1;
  std::string bytes;
  put(bytes, 0, header);
  put(bytes, sizeof header, segments);
  return bytes + loader + '\0';
}

}  // namespace

TEST_CASE("a script's interpreter is the first word behind #!", "[process][program]") {
  CHECK(interpreter("#!/bin/sh\n") == "/bin/sh");
  CHECK(interpreter("#! \t/usr/bin/env  python3\nrest") == "/usr/bin/env");
  CHECK(interpreter("#!/bin/sh") == "/bin/sh");
  CHECK(interpreter("#!") == "");
  CHECK(interpreter("#!  \n/bin/sh") == "");
  CHECK(interpreter(" #!/bin/sh\n") == "");
}

TEST_CASE("an ELF program's interpreter is its loader", "[process][program]") {
  CHECK(interpreter(elf("/lib64/ld-linux-x86-64.so.2")) == "/lib64/ld-linux-x86-64.so.2");
}

TEST_CASE("an ELF header cut short anywhere has no interpreter, or a shorter one",
          "[process][program][fuzz]") {
  std::string const whole = elf("/lib/ld.so");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto const found = interpreter(std::string_view(whole).substr(0, size));
    REQUIRE(std::string_view("/lib/ld.so").starts_with(found));
  }
}

TEST_CASE("an ELF header with any byte changed is read without harm", "[process][program][fuzz]") {
  std::string const whole = elf("/lib/ld.so");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      auto changed = whole;
      changed[at] = static_cast<char>(value);
      REQUIRE(interpreter(changed).size() <= changed.size());
    }
  }
}

TEST_CASE("a missing interpreter is named", "[process][program]") {
  CHECK(remark(ENOENT, "#!/no/such\n") == "its interpreter \"/no/such\" is missing");
  CHECK(remark(ENOENT, elf("/lib/ld.so")) == "its interpreter \"/lib/ld.so\" is missing");
  CHECK(remark(ENOENT, "#!/bin/sh\r\n") ==
        "its interpreter \"/bin/sh\\r\" is missing: the file has DOS line ends");
  CHECK(remark(ENOENT, "") == "");
}

TEST_CASE("a file that is no program is called what it is", "[process][program]") {
  CHECK(remark(ENOEXEC, "") == "the file is empty");
  CHECK(remark(ENOEXEC, elf("/lib/ld.so")) == "the program is built for another processor");
  CHECK(remark(ENOEXEC, "echo hello\n") ==
        "it is no ELF program, and a script has to begin with \"#!\"");
  CHECK(remark(EACCES, "#!/bin/sh\n") == "");
}
