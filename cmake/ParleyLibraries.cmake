# Third-party libraries, all from Debian 12. Each is an imported target; rooms name what they use.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(pugixml REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(pocketsphinx REQUIRED IMPORTED_TARGET pocketsphinx)
# Debian's .pc file names a directory that does not exist, which CMake refuses in an imported target.
get_target_property(pocketsphinx_dirs PkgConfig::pocketsphinx INTERFACE_INCLUDE_DIRECTORIES)
foreach(dir IN LISTS pocketsphinx_dirs)
  if(NOT EXISTS "${dir}")
    list(REMOVE_ITEM pocketsphinx_dirs "${dir}")
  endif()
endforeach()
set_target_properties(PkgConfig::pocketsphinx PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${pocketsphinx_dirs}")
if(PARLEY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(PARLEY_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Asio, its SSL part and Beast compiled once (separate compilation); the definitions are PUBLIC so that two modes never meet.
add_library(parley_asio STATIC
  "${CMAKE_SOURCE_DIR}/cmake/asio/asio_src.cpp" "${CMAKE_SOURCE_DIR}/cmake/asio/asio_ssl_src.cpp" "${CMAKE_SOURCE_DIR}/cmake/asio/beast_src.cpp")
target_compile_definitions(parley_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(parley_asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

add_library(parley_flite INTERFACE)
target_link_libraries(parley_flite INTERFACE flite_cmu_us_slt flite_cmu_us_rms flite_cmu_us_awb flite_cmu_us_kal16 flite_usenglish flite_cmulex flite m)
