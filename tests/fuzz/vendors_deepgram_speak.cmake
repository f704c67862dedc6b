parley_fuzz(vendors_deepgram_speak SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/vendors_deepgram_speak_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
