# What cannot be compiled as one source with its neighbours, where CMAKE_UNITY_BUILD is on. A build from nothing then takes
# half the time. The presets dev and ci go without, so that a header that a file forgets to include is noticed there.

# Each registers its fault by the same name.
set_target_properties(squall_faults_registered PROPERTIES UNITY_BUILD OFF)

function(squall_stays_alone directory)
  set(directory ${PROJECT_SOURCE_DIR}/${directory})
  list(TRANSFORM ARGN PREPEND ${directory}/)
  set_source_files_properties(${ARGN} DIRECTORY ${directory} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
# Of linux/tcp.h and netinet/tcp.h a source can have one.
squall_stays_alone(faults/kernel tcp_facts.cpp)
squall_stays_alone(suites/workload socket.cpp)
# A helper is called as one of another test is.
if(SQUALL_TESTS AND SQUALL_UNIT_TESTS AND SQUALL_THREADLESS_TESTS)
  squall_stays_alone(tests/unit/certificate incident_test.cpp)
  squall_stays_alone(tests/unit/invariants identity_books_test.cpp)
  squall_stays_alone(tests/unit/model incident_test.cpp record_test.cpp timeline_test.cpp)
  squall_stays_alone(tests/unit/reference-server delivery_test.cpp)
endif()
if(SQUALL_TESTS AND SQUALL_UNIT_TESTS)
  squall_stays_alone(tests/unit/targets declared_log_file_test.cpp)
endif()
