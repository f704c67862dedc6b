parley_fuzz(vendors_langflow_run SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_langflow_run_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
