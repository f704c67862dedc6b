parley_fuzz(vendors_openai_chat SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_openai_chat_fuzz.cpp" DEPENDS vendors LIBS nlohmann_json::nlohmann_json)
