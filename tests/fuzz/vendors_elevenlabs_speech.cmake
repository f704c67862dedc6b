parley_fuzz(vendors_elevenlabs_speech SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/vendors_elevenlabs_speech_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
