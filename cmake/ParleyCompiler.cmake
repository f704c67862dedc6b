# Compiler settings shared by every room: warnings are errors, hardening in release, sanitizers by preset.
add_library(parley_flags INTERFACE)
target_compile_options(parley_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fno-omit-frame-pointer)

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld)
  target_compile_options(parley_flags INTERFACE -Wno-unqualified-std-cast-call)
else()
  # g++ 12 warns falsely inside coroutine frames and inlined std::string code at -O2.
  target_compile_options(parley_flags INTERFACE
    -Wno-dangling-else # EXPECT_… behind an if, in tests
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-mismatched-new-delete -Wno-dangling-pointer)
endif()

# Tests are compiled once and run once: optimising them costs more than it gives. What they test is
# optimised all the same; but an inline function of both may be taken from either, so what speaks in real time is optimised as a whole.
add_library(parley_test_flags INTERFACE)
if(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(parley_test_flags INTERFACE -O0 -U_FORTIFY_SOURCE)
endif()

if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND PARLEY_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=function)
  endif()
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${PARLEY_CCACHE})
  # What ccache asks of those who precompile headers; they are hashed by their content.
  set(CMAKE_CXX_COMPILER_LAUNCHER /usr/bin/env CCACHE_SLOPPINESS=pch_defines,time_macros ${PARLEY_CCACHE})
endif()
