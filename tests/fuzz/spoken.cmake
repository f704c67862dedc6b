parley_fuzz(spoken_chunker SOURCES "${CMAKE_CURRENT_LIST_DIR}/spoken_chunker_fuzz.cpp" DEPENDS spoken)
parley_fuzz(spoken_shape SOURCES "${CMAKE_CURRENT_LIST_DIR}/spoken_shape_fuzz.cpp" DEPENDS spoken)
