parley_fuzz(twilio_relay SOURCES "${CMAKE_CURRENT_LIST_DIR}/twilio_relay_fuzz.cpp" DEPENDS twilio LIBS nlohmann_json::nlohmann_json)
