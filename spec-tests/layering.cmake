# SPDX-License-Identifier: Apache-2.0
#
# The rules of the architecture that a reader of includes can check.  Fails with a list of what
# breaks them.  The order of the layers is that of the top CMakeLists.txt.
#   cmake -D TREE=<top of the checkout> -P spec-tests/layering.cmake
cmake_minimum_required(VERSION 3.25)
file(READ ${TREE}/CMakeLists.txt top)
string(REGEX MATCH "set\\(PROA_LAYERS ([^)]*)\\)" found "${top}")
string(REGEX MATCHALL "[a-z]+" layers "${CMAKE_MATCH_1}")
if(NOT layers)
  message(FATAL_ERROR "no PROA_LAYERS in ${TREE}/CMakeLists.txt")
endif()

# The rooms that do not know of each other.
set(rooms namespaces rootfs process security cgroup hooks)
# The command line knows the library by its public headers alone.
set(cli_knows base linux cli proa)
# After clone: nothing that decides, nothing of the state directory, no JSON.
set(init_must_not spec/decode spec/encode state/ cli/ cgroup/ phase/create)
# Headers that drag a library in, and the files that may.
set(heavy
  "nlohmann/json\\.hpp=spec/(decode|encode)\\.cpp"
  "seccomp\\.h=security/seccomp\\.cpp"
  "sys/capability\\.h=security/capabilities\\.cpp"
  "fmt/format(-inl)?\\.h=base/fmt\\.cpp"
  "(iostream|fstream|sstream|filesystem|regex|locale|codecvt|future|mutex)=nothing")
# Calls by their global name that are no system calls: arithmetic, texts, the two libraries.
set(no_system_calls "(gnu_dev_)?(major|minor|makedev)|mem[a-z]+|str[a-z]+(_np)?|gmtime_r"
  "seccomp_[a-z_]+|cap_[a-z_]+")
string(JOIN "|" no_system_calls ${no_system_calls})
# System calls that open something, and have to close it at execve(2).
string(CONCAT opening "::(open|openat|openat2|socket|socketpair|accept4|pipe2|dup3|epoll_create1|"
  "inotify_init1|memfd_create|signalfd|timerfd_create|fsopen|fsmount|open_tree)\\(|"
  "SYS_(openat2|open_tree|fsopen|fsmount|fspick|memfd_create)")
# Those that cannot be told to.
set(leaking "::(pipe|dup|accept|creat|fopen|popen|opendir|epoll_create)\\(")

# Wrappers that take a path where others take a descriptor, and the files that may: none passes a
# path into the image.  mount2 calls by the numbers of descriptors, the others say "/" and ".".
set(by_path "linux::(mount|unmount|pivot_root|chroot)\\(")
set(may_by_path "rootfs/(apply|mount2|pivot)\\.cpp|phase/enter\\.cpp")
# Changes by a path or a name in the working directory: those of the host's cgroups and of the state
# directory, and where a directory of the container was entered just before.
string(CONCAT in_cwd "(mknod|chown|mkdir|unlink|rename)_at\\(linux::at_cwd|"
  "symlink_at\\([^,]*, *linux::at_cwd")
set(may_in_cwd "process/apply\\.cpp|state/store\\.cpp|cgroup/(cgroupfs|directory)\\.cpp")

set(mistakes "")
function(mistake file text)
  set(mistakes "${mistakes}  ${file}: ${text}\n" PARENT_SCOPE)
endfunction()

function(check_layer file layer included)
  string(REGEX REPLACE "/.*" "" target ${included})
  if(target STREQUAL "proa" OR target STREQUAL layer)
    return()
  endif()
  list(FIND layers ${layer} from)
  list(FIND layers ${target} to)
  if(to LESS 0)
    mistake(${file} "includes \"${included}\", which is in no layer")
  elseif(to GREATER from)
    mistake(${file} "includes \"${included}\" from a layer above")
  elseif(layer IN_LIST rooms AND target IN_LIST rooms)
    mistake(${file} "includes \"${included}\" from a room beside")
  elseif(layer STREQUAL "cli" AND NOT target IN_LIST cli_knows)
    mistake(${file} "includes \"${included}\" past include/proa")
  endif()
  set(mistakes "${mistakes}" PARENT_SCOPE)
endfunction()

function(check_heavy file name header)
  foreach(rule IN LISTS heavy)
    string(REGEX MATCH "^(.*)=(.*)$" rule "${rule}")
    set(may "${CMAKE_MATCH_2}")
    if(header MATCHES "^(${CMAKE_MATCH_1})$" AND NOT name MATCHES "^(${may})$")
      mistake(${file} "includes <${header}>")
    endif()
  endforeach()
  set(mistakes "${mistakes}" PARENT_SCOPE)
endfunction()

# A kernel call outside of linux/ is a call by its global name: ::open(...), or syscall(...).
function(check_calls file text)
  string(REGEX MATCHALL "[^a-zA-Z0-9_:>]::[a-z][a-z0-9_]*\\(" calls "${text}")
  foreach(call IN LISTS calls)
    string(REGEX REPLACE ".*::|\\(" "" call "${call}")
    if(NOT call MATCHES "^(${no_system_calls})$")
      mistake(${file} "calls ::${call}, which belongs in linux/")
    endif()
  endforeach()
  if(text MATCHES "[^a-zA-Z0-9_]syscall\\(")
    mistake(${file} "calls syscall, which belongs in linux/")
  endif()
  set(mistakes "${mistakes}" PARENT_SCOPE)
endfunction()

# Handles, not paths.
function(check_paths file name text)
  if(NOT name MATCHES "^(${may_by_path})$" AND text MATCHES "${by_path}")
    mistake(${file} "calls ${CMAKE_MATCH_0}...), which takes a path")
  endif()
  if(NOT name MATCHES "^(${may_in_cwd})$" AND text MATCHES "${in_cwd}")
    mistake(${file} "calls ${CMAKE_MATCH_0}...), which changes something by its path")
  endif()
  set(mistakes "${mistakes}" PARENT_SCOPE)
endfunction()

# In linux/ every function that opens something says CLOEXEC.
function(check_cloexec file text)
  if(text MATCHES "${leaking}")
    mistake(${file} "calls ${CMAKE_MATCH_1}, which cannot set O_CLOEXEC")
  endif()
  string(REPLACE "\n}\n" ";" functions "${text}")
  foreach(body IN LISTS functions)
    if(body MATCHES "${opening}")
      string(REGEX REPLACE "[:(]" "" call "${CMAKE_MATCH_0}")
      if(NOT body MATCHES "CLOEXEC")
        mistake(${file} "${call} without CLOEXEC")
      endif()
    endif()
  endforeach()
  set(mistakes "${mistakes}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE sources RELATIVE ${TREE} ${TREE}/src/*.?pp ${TREE}/include/*.?pp)
foreach(file IN LISTS sources)
  file(READ ${TREE}/${file} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REPLACE ";" "," text "${text}")
  string(REGEX REPLACE "[][]" "|" text "${text}")
  string(REGEX REPLACE "^src/" "" name ${file})
  string(REGEX MATCH "^[a-z]+" layer ${name})
  string(REGEX MATCHALL "#include \"[^\"\n]+\"" own "${text}")
  string(REGEX MATCHALL "#include <[^>\n]+>" foreign "${text}")
  foreach(line IN LISTS foreign)
    string(REGEX REPLACE "#include <|>" "" header ${line})
    check_heavy(${file} ${name} ${header})
  endforeach()
  foreach(line IN LISTS own)
    string(REGEX REPLACE "#include |\"" "" header ${line})
    if(layer STREQUAL "include")
      if(NOT header MATCHES "^proa/")
        mistake(${file} "includes \"${header}\": a public header shows nothing of src/")
      endif()
    elseif(layer IN_LIST layers)
      check_layer(${file} ${layer} ${header})
    endif()
    if(name MATCHES "^phase/(init|enter|inside)\\.cpp$")
      foreach(forbidden IN LISTS init_must_not)
        if(header MATCHES "^${forbidden}")
          mistake(${file} "includes \"${header}\", and runs in the container")
        endif()
      endforeach()
    endif()
  endforeach()
  if(layer STREQUAL "linux")
    if(file MATCHES "cpp$")
      check_cloexec(${file} "${text}")
    endif()
  elseif(layer IN_LIST layers)
    check_calls(${file} "${text}")
    check_paths(${file} ${name} "${text}")
  endif()
endforeach()

if(mistakes)
  message(FATAL_ERROR "The layers are mixed:\n${mistakes}")
endif()
