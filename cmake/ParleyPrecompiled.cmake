# Precompiled headers: third-party and standard headers only, so that a change in the tree never makes them stale. Sources include what
# they use all the same: the gcc preset builds without precompiled headers and says what is missing.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  option(PARLEY_PRECOMPILED "Precompile the headers everything includes" ON)
else()
  option(PARLEY_PRECOMPILED "Precompile the headers everything includes" OFF)
endif()

if(PARLEY_PRECOMPILED)
  # No time of making in the file, so that a compiler cache may take two of the same content for the same.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  set(parley_standard_headers
    <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <cstdio> <deque> <filesystem> <fstream> <functional> <list> <map> <memory> <mutex>
    <optional> <set> <span> <sstream> <stdexcept> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
  set(parley_network_headers
    <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/bind_cancellation_slot.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/detached.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/address.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp> <boost/asio/redirect_error.hpp>
    <boost/asio/ssl/context.hpp> <boost/asio/ssl/stream.hpp> <boost/asio/steady_timer.hpp> <boost/asio/strand.hpp> <boost/asio/this_coro.hpp>
    <boost/asio/thread_pool.hpp> <boost/asio/use_awaitable.hpp>)

  # Each is made once, for targets that are compiled with the same options: static libraries, programs and tests, with and without the network.
  file(WRITE "${CMAKE_BINARY_DIR}/precompiled/library.cpp" "")
  file(WRITE "${CMAKE_BINARY_DIR}/precompiled/program.cpp" "int main() {}\n")
endif()

function(parley_precompiled_header kind)
  cmake_parse_arguments(ARG "NETWORK;PROGRAM;TESTS" "" "" ${ARGN})
  set(target parley_precompiled_${kind})
  set(headers ${parley_standard_headers} <nlohmann/json.hpp>)
  if(ARG_PROGRAM OR ARG_TESTS)
    add_executable(${target} EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/precompiled/program.cpp")
  else()
    add_library(${target} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/precompiled/library.cpp")
  endif()
  target_link_libraries(${target} PRIVATE parley_flags nlohmann_json::nlohmann_json)
  if(ARG_NETWORK)
    target_link_libraries(${target} PRIVATE parley_asio)
    list(APPEND headers ${parley_network_headers})
  endif()
  if(ARG_TESTS)
    target_link_libraries(${target} PRIVATE parley_test_flags GTest::gmock)
    list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
endfunction()

# parley_precompile(<target> [PROGRAM|TESTS] LINKS target...): chooses by what the target links whether the network is in it.
function(parley_precompile target)
  cmake_parse_arguments(ARG "PROGRAM;TESTS" "" "LINKS" ${ARGN})
  if(NOT PARLEY_PRECOMPILED)
    return()
  endif()
  set(kind library)
  set(options "")
  if(ARG_TESTS)
    set(kind tests)
    set(options TESTS)
  elseif(ARG_PROGRAM)
    set(kind program)
    set(options PROGRAM)
  endif()
  set(network "")
  foreach(link IN LISTS ARG_LINKS)
    get_property(of_link GLOBAL PROPERTY PARLEY_NETWORK_${link})
    if(link STREQUAL "parley_asio" OR of_link)
      set(network NETWORK)
    endif()
  endforeach()
  if(network)
    set(kind ${kind}_network)
    set_property(GLOBAL PROPERTY PARLEY_NETWORK_${target} TRUE)
  endif()
  if(NOT TARGET parley_precompiled_${kind})
    parley_precompiled_header(${kind} ${options} ${network})
  endif()
  target_precompile_headers(${target} REUSE_FROM parley_precompiled_${kind})
endfunction()
