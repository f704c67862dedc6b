parley_fuzz(vendors_gemini_live DEPENDS vendors LIBS nlohmann_json::nlohmann_json SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_gemini_live_fuzz.cpp")
