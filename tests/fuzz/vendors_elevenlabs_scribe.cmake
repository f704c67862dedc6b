parley_fuzz(vendors_elevenlabs_scribe DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_elevenlabs_scribe_fuzz.cpp")
