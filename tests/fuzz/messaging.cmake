parley_fuzz(messaging_callbacks DEPENDS messaging SOURCES "${CMAKE_CURRENT_LIST_DIR}/messaging_callbacks_fuzz.cpp" LIBS parley_asio nlohmann_json::nlohmann_json)
