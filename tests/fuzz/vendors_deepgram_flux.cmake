parley_fuzz(vendors_deepgram_flux DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_deepgram_flux_fuzz.cpp")
