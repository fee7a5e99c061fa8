# What nearly every file includes from others is parsed once for all targets of a kind: the standard library's part takes
# g++ most of a second a file, the tests' part two. The rooms and programs of the release build go without, so that a
# file that forgets an #include is found there.
option(SQL2LDAP_PRECOMPILED "precompile common headers of the rooms and programs" OFF)
option(SQL2LDAP_PRECOMPILED_TESTS "precompile common headers of the tests" ON)

set(S2L_OF_TEST _TESTS)
# s2l_precompiled(NAME LIBRARY|TEST [OPTIONS ...] [LIBRARIES ...] [HEADERS ...]): for targets of that kind, with these
# options and with the macros of these libraries.
function(s2l_precompiled name kind)
  if(NOT SQL2LDAP_PRECOMPILED${S2L_OF_${kind}})
    return()
  endif()
  cmake_parse_arguments(ALSO "" "" "OPTIONS;LIBRARIES;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "int main() { return 0; }\n")
  if(kind STREQUAL LIBRARY)
    add_library(${name} STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  else()
    add_executable(${name} ${CMAKE_BINARY_DIR}/precompiled.cpp)
  endif()
  target_compile_options(${name} PRIVATE ${ALSO_OPTIONS})
  target_link_libraries(${name} PRIVATE sql2ldap_settings ${ALSO_LIBRARIES})
  target_precompile_headers(${name} PRIVATE <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional> <set>
    <string> <string_view> <utility> <variant> <vector> <tl/expected.hpp> ${ALSO_HEADERS})
endfunction()

function(s2l_share_precompiled target name)
  if(TARGET ${name})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
