parley_fuzz(flows_time_zone SOURCES "${CMAKE_CURRENT_LIST_DIR}/flows_time_zone_fuzz.cpp" DEPENDS flows)
parley_fuzz(flows_texts SOURCES "${CMAKE_CURRENT_LIST_DIR}/flows_texts_fuzz.cpp" DEPENDS flows)
