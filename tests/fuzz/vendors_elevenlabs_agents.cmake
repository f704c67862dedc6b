parley_fuzz(vendors_elevenlabs_agents DEPENDS vendors LIBS nlohmann_json::nlohmann_json SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_elevenlabs_agents_fuzz.cpp")
