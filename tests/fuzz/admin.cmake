parley_fuzz(admin_request DEPENDS admin store SOURCES "${CMAKE_CURRENT_LIST_DIR}/admin_request_fuzz.cpp" LIBS nlohmann_json::nlohmann_json)
