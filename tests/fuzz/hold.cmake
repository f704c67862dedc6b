parley_fuzz(hold_media DEPENDS hold SOURCES "${CMAKE_CURRENT_LIST_DIR}/hold_media_fuzz.cpp")
parley_fuzz(hold_text DEPENDS hold SOURCES "${CMAKE_CURRENT_LIST_DIR}/hold_text_fuzz.cpp")
