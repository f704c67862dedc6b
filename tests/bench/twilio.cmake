add_executable(bench_twilio_media "${CMAKE_CURRENT_LIST_DIR}/twilio_media_bench.cpp")
target_link_libraries(bench_twilio_media PRIVATE parley_twilio parley_flags nlohmann_json::nlohmann_json benchmark::benchmark benchmark::benchmark_main)
