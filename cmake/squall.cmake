# What every target of the project shares: warnings, the include root (the repository), packages.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
# SSL_free_buffers() of an older one frees a record that has half arrived (CVE-2024-4741).
find_package(OpenSSL 3.0.14 REQUIRED)
find_package(PkgConfig REQUIRED)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(squall_base INTERFACE)
target_include_directories(squall_base INTERFACE ${PROJECT_SOURCE_DIR})
# -fPIC, where CMake's own property would say -fPIE for programs: a precompiled header knows one of them only.
target_compile_options(squall_base INTERFACE -fPIC -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  # A designated initializer that leaves a member out means its default.
  -Wno-missing-field-initializers)
# At -O3 GCC 12 warns of overlapping copies in its own std::string (GCC bug 105651), and of optionals that hold nothing.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(squall_base INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(SQUALL_WERROR)
  target_compile_options(squall_base INTERFACE -Werror)
endif()

# Asio and Beast as header-only libraries, with the one definition ThreadSanitizer asks for.
add_library(squall_asio INTERFACE)
target_link_libraries(squall_asio INTERFACE squall_base Boost::headers Threads::Threads)
target_compile_definitions(squall_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_FENCED_BLOCK)
