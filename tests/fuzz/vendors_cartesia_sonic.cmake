parley_fuzz(vendors_cartesia_sonic SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/vendors_cartesia_sonic_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
