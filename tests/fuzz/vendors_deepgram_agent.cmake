parley_fuzz(vendors_deepgram_agent DEPENDS vendors LIBS nlohmann_json::nlohmann_json SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_deepgram_agent_fuzz.cpp")
