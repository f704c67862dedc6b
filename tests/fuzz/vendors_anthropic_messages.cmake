parley_fuzz(vendors_anthropic_messages SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_anthropic_messages_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
