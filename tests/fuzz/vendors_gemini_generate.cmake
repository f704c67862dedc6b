parley_fuzz(vendors_gemini_generate SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_gemini_generate_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
