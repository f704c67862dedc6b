parley_fuzz(privacy_redact SOURCES "${CMAKE_CURRENT_LIST_DIR}/privacy_redact_fuzz.cpp" DEPENDS privacy)
