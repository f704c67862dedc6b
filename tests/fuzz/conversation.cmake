parley_fuzz(conversation_machine SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/conversation_machine_fuzz.cpp" DEPENDS conversation)
parley_fuzz(conversation_serialise SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/conversation_serialise_fuzz.cpp" DEPENDS conversation)
