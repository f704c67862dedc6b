parley_fuzz(twilio_form SOURCES "${CMAKE_CURRENT_LIST_DIR}/twilio_form_fuzz.cpp" DEPENDS twilio)
parley_fuzz(twilio_media SOURCES "${CMAKE_CURRENT_LIST_DIR}/twilio_media_fuzz.cpp" DEPENDS twilio LIBS nlohmann_json::nlohmann_json)
parley_fuzz(twilio_token SOURCES "${CMAKE_CURRENT_LIST_DIR}/twilio_token_fuzz.cpp" DEPENDS twilio)
parley_fuzz(twilio_bot SOURCES "${CMAKE_CURRENT_LIST_DIR}/twilio_bot_fuzz.cpp" DEPENDS twilio)
