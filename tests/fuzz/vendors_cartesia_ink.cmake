parley_fuzz(vendors_cartesia_ink DEPENDS vendors SOURCES "${CMAKE_CURRENT_LIST_DIR}/vendors_cartesia_ink_fuzz.cpp")
