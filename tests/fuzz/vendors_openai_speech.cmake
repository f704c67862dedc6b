parley_fuzz(vendors_openai_speech SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/vendors_openai_speech_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
