# Options, warnings, sanitizers: for every target of this project.
option(SQL2LDAP_TESTS "build the tests" ON)
option(SQL2LDAP_BENCH "build the benchmarks" OFF)
option(SQL2LDAP_FUZZ "build the fuzz targets with libFuzzer (clang only)" OFF)
option(SQL2LDAP_WERROR "warnings are errors" ON)
set(SQL2LDAP_SANITIZE "" CACHE STRING "sanitizers, for instance address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(sql2ldap_settings INTERFACE)
target_compile_options(sql2ldap_settings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 sees overlapping copies in `"text" + string` where there are none (its bug 105651).
  target_compile_options(sql2ldap_settings INTERFACE -Wno-restrict)
else()
  # A grammar in Spirit X3 reads `a >> b > c`, as its manual writes it.
  target_compile_options(sql2ldap_settings INTERFACE -Wno-overloaded-shift-op-parentheses)
endif()
if(SQL2LDAP_WERROR)
  target_compile_options(sql2ldap_settings INTERFACE -Werror)
endif()
if(SQL2LDAP_SANITIZE)
  target_compile_options(sql2ldap_settings INTERFACE
    -fsanitize=${SQL2LDAP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # With these a test takes half as long again to compile. What it makes of our headers goes without them, too.
    "$<$<BOOL:$<TARGET_PROPERTY:S2L_IS_TEST>>:-fno-sanitize=null$<COMMA>alignment$<COMMA>vptr$<COMMA>object-size>")
  target_link_options(sql2ldap_settings INTERFACE -fsanitize=${SQL2LDAP_SANITIZE})
endif()
if(SQL2LDAP_FUZZ)
  target_compile_options(sql2ldap_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
