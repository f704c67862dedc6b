add_executable(bench_spoken "${CMAKE_CURRENT_LIST_DIR}/spoken_bench.cpp")
target_link_libraries(bench_spoken PRIVATE parley_spoken parley_flags benchmark::benchmark benchmark::benchmark_main)
