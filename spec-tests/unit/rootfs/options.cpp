// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/options.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace proa::rootfs;

namespace {

struct Flag {
  char const* word;
  unsigned long bit;
};

}  // namespace

TEST_CASE("a word that asks for a flag sets it", "[spec:config#linux-mount-options][MUST]") {
  auto const flag = GENERATE(values<Flag>({
      {"bind", MS_BIND},
      {"dirsync", MS_DIRSYNC},
      {"iversion", MS_I_VERSION},
      {"lazytime", MS_LAZYTIME},
      {"noatime", MS_NOATIME},
      {"nodev", MS_NODEV},
      {"nodiratime", MS_NODIRATIME},
      {"noexec", MS_NOEXEC},
      {"nosuid", MS_NOSUID},
      {"nosymfollow", MS_NOSYMFOLLOW},
      {"rbind", MS_BIND | MS_REC},
      {"relatime", MS_RELATIME},
      {"remount", MS_REMOUNT},
      {"ro", MS_RDONLY},
      {"silent", MS_SILENT},
      {"strictatime", MS_STRICTATIME},
      {"sync", MS_SYNCHRONOUS},
  }));
  CAPTURE(flag.word);
  auto const options = parse_options({flag.word});
  CHECK(options.flags == flag.bit);
  CHECK(options.cleared == 0);
  CHECK(options.unknown.empty());
}

TEST_CASE("a word that takes a flag back clears it", "[spec:config#linux-mount-options][MUST]") {
  auto const flag = GENERATE(values<Flag>({
      {"async", MS_SYNCHRONOUS},
      {"atime", MS_NOATIME},
      {"dev", MS_NODEV},
      {"diratime", MS_NODIRATIME},
      {"exec", MS_NOEXEC},
      {"loud", MS_SILENT},
      {"noiversion", MS_I_VERSION},
      {"nolazytime", MS_LAZYTIME},
      {"norelatime", MS_RELATIME},
      {"nostrictatime", MS_STRICTATIME},
      {"rw", MS_RDONLY},
      {"suid", MS_NOSUID},
      {"symfollow", MS_NOSYMFOLLOW},
  }));
  CAPTURE(flag.word);
  auto const options = parse_options({flag.word});
  CHECK(options.flags == 0);
  CHECK(options.cleared == flag.bit);
  CHECK(options.unknown.empty());
}

TEST_CASE("words without an effect are accepted", "[spec:config#linux-mount-options][MUST]") {
  auto const* const word = GENERATE("defaults", "mand", "nomand");
  CAPTURE(word);
  auto const options = parse_options({word});
  CHECK(options.flags == 0);
  CHECK(options.cleared == 0);
  CHECK(options.unknown.empty());
}

TEST_CASE("a later word overrides an earlier one", "[spec:config#linux-mount-options][MUST]") {
  auto const options = parse_options({"ro", "nosuid", "rw", "dev", "nodev"});
  CHECK(options.flags == (MS_NOSUID | MS_NODEV));
  CHECK(options.cleared == MS_RDONLY);
}

TEST_CASE("propagation words are kept in order", "[spec:config#linux-mount-options][MUST]") {
  struct Propagation {
    char const* word;
    unsigned long bits;
  };
  auto const propagation = GENERATE(values<Propagation>({
      {"private", MS_PRIVATE},
      {"rprivate", MS_PRIVATE | MS_REC},
      {"shared", MS_SHARED},
      {"rshared", MS_SHARED | MS_REC},
      {"slave", MS_SLAVE},
      {"rslave", MS_SLAVE | MS_REC},
      {"unbindable", MS_UNBINDABLE},
      {"runbindable", MS_UNBINDABLE | MS_REC},
  }));
  CAPTURE(propagation.word);
  auto const options = parse_options({"slave", propagation.word});
  CHECK(options.propagation == std::vector<unsigned long>{MS_SLAVE, propagation.bits});
  CHECK(options.flags == 0);
}

TEST_CASE("a word for the whole tree becomes a recursive attribute",
          "[spec:config#linux-mount-options][SHOULD]") {
  struct Whole {
    char const* word;
    std::uint64_t set;
    std::uint64_t clear;
  };
  auto const whole = GENERATE(values<Whole>({
      {"rro", MOUNT_ATTR_RDONLY, 0},
      {"rrw", 0, MOUNT_ATTR_RDONLY},
      {"rnosuid", MOUNT_ATTR_NOSUID, 0},
      {"rsuid", 0, MOUNT_ATTR_NOSUID},
      {"rnodev", MOUNT_ATTR_NODEV, 0},
      {"rdev", 0, MOUNT_ATTR_NODEV},
      {"rnoexec", MOUNT_ATTR_NOEXEC, 0},
      {"rexec", 0, MOUNT_ATTR_NOEXEC},
      {"rnodiratime", MOUNT_ATTR_NODIRATIME, 0},
      {"rdiratime", 0, MOUNT_ATTR_NODIRATIME},
      {"rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
      {"rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
      {"ratime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
      {"rnoatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
      {"rrelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
      {"rnorelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
      {"rstrictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
      {"rnostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
  }));
  CAPTURE(whole.word);
  auto const options = parse_options({whole.word});
  CHECK(options.recursive.set == whole.set);
  CHECK(options.recursive.clear == whole.clear);
  CHECK(options.flags == 0);
}

TEST_CASE("the last access time of a whole tree replaces the ones before",
          "[spec:config#linux-mount-options][SHOULD]") {
  auto const options = parse_options({"rnoatime", "rstrictatime", "rro"});
  CHECK(options.recursive.set == (MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_RDONLY));
  CHECK(options.recursive.clear == MOUNT_ATTR__ATIME);
}

TEST_CASE("a whole tree's attribute can be taken back",
          "[spec:config#linux-mount-options][SHOULD]") {
  auto const options = parse_options({"rro", "rrw"});
  CHECK(options.recursive.set == 0);
  CHECK(options.recursive.clear == MOUNT_ATTR_RDONLY);
}

TEST_CASE("words for proa itself are behaviours", "[spec:config#linux-mount-options][MAY]") {
  struct Behaves {
    char const* word;
    Behaviour behaviour;
  };
  auto const behaves = GENERATE(values<Behaves>({
      {"tmpcopyup", Behaviour::copy_up},
      {"copy-symlink", Behaviour::copy_symlink},
      {"src-nofollow", Behaviour::source_itself},
      {"dest-nofollow", Behaviour::target_itself},
      {"idmap", Behaviour::id_map},
      {"ridmap", Behaviour::id_map_whole},
  }));
  CAPTURE(behaves.word);
  CHECK(parse_options({behaves.word}).has(behaves.behaviour));
  CHECK_FALSE(parse_options({"ro"}).has(behaves.behaviour));
}

TEST_CASE("unknown words are left for the file system",
          "[spec:config#linux-mount-options][SHOULD]") {
  auto const options = parse_options({"ro", "mode=755", "", "RO", "newinstance"});
  CHECK(options.flags == MS_RDONLY);
  CHECK(options.unknown == std::vector<std::size_t>{1, 2, 3, 4});
}

TEST_CASE("features lists the words that the spec demands", "[spec:features#mount-options][MUST]") {
  auto const words = option_words();
  auto const* const word =
      GENERATE("async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec",
               "iversion", "lazytime", "loud", "noatime", "nodev", "nodiratime", "noexec",
               "noiversion", "nolazytime", "norelatime", "nostrictatime", "nosuid", "private",
               "rbind", "relatime", "remount", "ro", "rprivate", "rshared", "rslave", "runbindable",
               "rw", "shared", "silent", "slave", "strictatime", "suid", "sync", "unbindable",
               "rro", "nosymfollow", "tmpcopyup", "idmap", "ridmap");
  CAPTURE(word);
  CHECK(std::ranges::binary_search(words, std::string(word)));
}

TEST_CASE("access times are one value with the precedence of mount(2)") {
  CHECK(attributes_of(0) == MOUNT_ATTR_RELATIME);
  CHECK(attributes_of(MS_NOATIME) == MOUNT_ATTR_NOATIME);
  CHECK(attributes_of(MS_NOATIME | MS_STRICTATIME) == MOUNT_ATTR_STRICTATIME);
  CHECK(attributes_of(MS_RELATIME | MS_NODIRATIME) == MOUNT_ATTR_NODIRATIME);
  CHECK(attributes_of(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW) ==
        (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
         MOUNT_ATTR_NOSYMFOLLOW));
}

TEST_CASE("a bind mount without flags keeps those of its source") {
  auto const attributes = bind_attributes(MS_BIND | MS_REC | MS_SYNCHRONOUS, 0);
  CHECK(attributes.set == 0);
  CHECK(attributes.clear == 0);
}

TEST_CASE("a bind mount with any flag has exactly the flags that are asked for") {
  auto const readonly = bind_attributes(MS_BIND | MS_RDONLY, 0);
  CHECK(readonly.set == MOUNT_ATTR_RDONLY);
  CHECK(readonly.clear ==
        (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW));
  auto const devices = bind_attributes(MS_BIND, MS_NODEV);
  CHECK(devices.set == 0);
  CHECK(devices.clear == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                          MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW));
}

TEST_CASE("a bind mount's access times change only when one is asked for") {
  CHECK((bind_attributes(MS_BIND, MS_NOATIME).clear & MOUNT_ATTR__ATIME) == 0);
  auto const strict = bind_attributes(MS_BIND | MS_STRICTATIME, 0);
  CHECK((strict.clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
  CHECK((strict.clear & MOUNT_ATTR_NODIRATIME) != 0);
  CHECK(strict.set == MOUNT_ATTR_STRICTATIME);
}
