parley_fuzz(vendors_assemblyai_streaming DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_assemblyai_streaming_fuzz.cpp")
