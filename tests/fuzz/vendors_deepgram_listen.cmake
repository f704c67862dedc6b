parley_fuzz(vendors_deepgram_listen DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_deepgram_listen_fuzz.cpp")
