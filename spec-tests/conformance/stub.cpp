// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// A dynamic loader that loads nothing and waits for its end: what a hostile image has in the place
// of ld.so, to stay in a process whose program is another.  No library, not even the C library.
#include <sys/syscall.h>

extern "C" [[noreturn]] void _start() {
  for (;;) {
#if defined(__x86_64__)
    long result = SYS_pause;
    asm volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    // ppoll(nullptr, 0, nullptr, nullptr)
    register long number asm("x8") = SYS_ppoll;
    register long first asm("x0") = 0;
    register long second asm("x1") = 0;
    register long third asm("x2") = 0;
    register long fourth asm("x3") = 0;
    asm volatile("svc 0"
                 : "+r"(first)
                 : "r"(number), "r"(second), "r"(third), "r"(fourth)
                 : "memory");
#endif
  }
}
