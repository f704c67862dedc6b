parley_fuzz(brain_script SOURCES "${CMAKE_CURRENT_LIST_DIR}/brain_script_fuzz.cpp" DEPENDS brain)
