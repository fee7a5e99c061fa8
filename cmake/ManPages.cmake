# One man page a command, made from its --help. Without help2man there are none.
find_program(HELP2MAN help2man)
if(NOT HELP2MAN)
  return()
endif()
foreach(command IN ITEMS sql2ldap inspect check plan migrate verify why mapping lookup
                         lookup-user lookup-pass lookup-alias lookup-domain lookup-sieve
                         mapping-check mapping-show mapping-fmt
                         capture capture-install capture-remove status release rejects rejects-list rejects-retry
                         rejects-drop hooks hooks-list hooks-retry hooks-drop)
  if(command STREQUAL sql2ldap)
    set(page ${PROJECT_BINARY_DIR}/man/sql2ldap.1)
    set(words "")
  else()
    set(page ${PROJECT_BINARY_DIR}/man/sql2ldap-${command}.1)
    string(REPLACE "-" ";" words ${command})
  endif()
  list(APPEND pages ${page})
  add_custom_command(OUTPUT ${page} DEPENDS sql2ldap ${PROJECT_SOURCE_DIR}/cmake/man-page
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${PROJECT_SOURCE_DIR}/cmake/man-page ${page} $<TARGET_FILE:sql2ldap> ${words})
endforeach()
foreach(program IN ITEMS sql2ldap-syncd sql2ldap-authd sql2ldap-checkpassword)
  set(page ${PROJECT_BINARY_DIR}/man/${program}.8)
  list(APPEND server_pages ${page})
  add_custom_command(OUTPUT ${page} DEPENDS ${program} ${PROJECT_SOURCE_DIR}/cmake/man-page
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${PROJECT_SOURCE_DIR}/cmake/man-page ${page} $<TARGET_FILE:${program}>)
endforeach()
add_custom_target(man ALL DEPENDS ${pages} ${server_pages})
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${server_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
