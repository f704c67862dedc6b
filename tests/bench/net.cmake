# Not a microbenchmark: two echo servers and a load generator over loopback sockets, measured by CPU time and system calls.
add_executable(bench_net_echo "${CMAKE_CURRENT_SOURCE_DIR}/net_echo_bench.cpp")
target_link_libraries(bench_net_echo PRIVATE parley_net parley_asio parley_flags)
