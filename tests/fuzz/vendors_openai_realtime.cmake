parley_fuzz(vendors_openai_realtime DEPENDS vendors LIBS nlohmann_json::nlohmann_json SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_openai_realtime_fuzz.cpp")
