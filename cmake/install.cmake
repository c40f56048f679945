# What `cmake --install` puts under a prefix: the two programs, the suites and profiles, and the library for GoogleTest with
# the package that find_package(squall) looks for. The reference server's mutants that incidents name are installed where
# they are made, in reference-server/mutants.
include(CMakePackageConfigHelpers)

install(TARGETS squall squall-reference-server)
install(DIRECTORY suites/catalogue suites/profiles DESTINATION ${CMAKE_INSTALL_DATADIR}/squall)
install(FILES docs/reference/scenario.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/squall)

install(TARGETS squall_gtest EXPORT squall)
install(FILES suites/gtest/squall/gtest.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/squall)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/squall)
install(EXPORT squall NAMESPACE squall:: FILE squall-targets.cmake DESTINATION ${package})
file(WRITE ${PROJECT_BINARY_DIR}/squall-config.cmake [[
include(CMakeFindDependencyMacro)
find_dependency(GTest)
include(${CMAKE_CURRENT_LIST_DIR}/squall-targets.cmake)
]])
write_basic_package_version_file(${PROJECT_BINARY_DIR}/squall-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/squall-config.cmake ${PROJECT_BINARY_DIR}/squall-config-version.cmake
  DESTINATION ${package})
