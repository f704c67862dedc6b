parley_fuzz(vendors_openai_transcribe DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_openai_transcribe_fuzz.cpp")
