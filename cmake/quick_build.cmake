# One precompiled header for every target, and the sources of a target compiled eight at a time: a build from nothing then
# takes less than half the time. For the presets of clang; the others go without, so that a header that a file forgets to
# include is noticed there.
find_package(GTest REQUIRED)

# The header has Asio in it, and so its definitions have to be everybody's.
target_compile_definitions(squall_base INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_FENCED_BLOCK)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cpp CONTENT "")
add_library(squall_precompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
target_link_libraries(squall_precompiled PRIVATE
  squall_asio Boost::json fmt::fmt yaml-cpp GTest::gtest GTest::gmock)
target_precompile_headers(squall_precompiled PRIVATE
  <algorithm> <atomic> <chrono> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <sstream> <string>
  <thread> <variant> <vector>
  <boost/asio.hpp> <boost/json.hpp> <boost/system/result.hpp> <fmt/chrono.h> <fmt/format.h> <fmt/ranges.h>
  <gmock/gmock.h> <gtest/gtest.h> <yaml-cpp/yaml.h>)

# Of linux/tcp.h and netinet/tcp.h, which Asio includes, a file can have one.
foreach(file faults/kernel/tcp_facts.cpp suites/workload/socket.cpp)
  cmake_path(GET file PARENT_PATH directory)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/${file} DIRECTORY ${PROJECT_SOURCE_DIR}/${directory}
    PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
endforeach()

function(squall_build_quickly directory)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "EXECUTABLE|STATIC_LIBRARY|OBJECT_LIBRARY" AND NOT target STREQUAL squall_precompiled)
      target_precompile_headers(${target} REUSE_FROM squall_precompiled)
      # Two sources of one target may not call two things by one name: a call might go to the other's overload. Unit tests
      # do so with their helpers, and each fault registers itself by the same.
      if(NOT directory MATCHES "/tests/unit/" AND NOT target STREQUAL squall_faults_registered)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
      endif()
    endif()
  endforeach()
  get_property(subdirectories DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(subdirectory ${subdirectories})
    squall_build_quickly(${subdirectory})
  endforeach()
endfunction()
squall_build_quickly(${PROJECT_SOURCE_DIR})
