parley_fuzz(config SOURCES "${CMAKE_CURRENT_LIST_DIR}/gateway_config_fuzz.cpp" DEPENDS gateway)
