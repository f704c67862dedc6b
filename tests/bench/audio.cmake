add_executable(audio_bench
               "${CMAKE_CURRENT_LIST_DIR}/audio_codec_bench.cpp"
               "${CMAKE_CURRENT_LIST_DIR}/audio_signal_bench.cpp")
    target_include_directories(audio_bench PRIVATE
                               "${CMAKE_SOURCE_DIR}/src/audio"
                               "${CMAKE_SOURCE_DIR}/tests/audio")
        target_link_libraries(
            audio_bench PRIVATE parley_audio parley_flags benchmark::benchmark_main PkgConfig::hwy OpenSSL::Crypto)
