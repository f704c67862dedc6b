add_executable(bench_vendors_speech "${CMAKE_CURRENT_LIST_DIR}/vendors_speech_bench.cpp")
target_link_libraries(bench_vendors_speech PRIVATE parley_vendors parley_flags nlohmann_json::nlohmann_json benchmark::benchmark benchmark::benchmark_main)
