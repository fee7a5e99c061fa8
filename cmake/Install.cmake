# What `cmake --install` gives: headers, libraries, the tool, schema, mappings, man pages and a CMake package.
include(CMakePackageConfigHelpers)

set(rooms base model codec mapping sync sql ldap state control hooks serve audit listen config)
list(TRANSFORM rooms PREPEND sql2ldap_ OUTPUT_VARIABLE libraries)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sql2ldap)

install(TARGETS ${libraries} sql2ldap_all EXPORT sql2ldapTargets)
install(EXPORT sql2ldapTargets NAMESPACE sql2ldap:: DESTINATION ${package_dir})
install(DIRECTORY lib/sql2ldap ${PROJECT_BINARY_DIR}/generated/sql2ldap DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp" PATTERN "detail" EXCLUDE)

configure_package_config_file(cmake/sql2ldapConfig.cmake.in ${PROJECT_BINARY_DIR}/sql2ldapConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sql2ldapConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sql2ldapConfig.cmake ${PROJECT_BINARY_DIR}/sql2ldapConfigVersion.cmake
              cmake/Dependencies.cmake DESTINATION ${package_dir})

install(DIRECTORY schema mappings DESTINATION ${CMAKE_INSTALL_DATADIR}/sql2ldap)
install(FILES operate/grafana-dashboard.json DESTINATION ${CMAKE_INSTALL_DATADIR}/sql2ldap)
install(DIRECTORY operate/dovecot-2.3 operate/dovecot-2.4 operate/exim operate/postfix operate/pysieved
        DESTINATION ${CMAKE_INSTALL_DATADIR}/sql2ldap/operate)
install(FILES operate/authd.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/sql2ldap/operate)
install(FILES operate/sql2ldap-syncd.service operate/sql2ldap-authd.service DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md LICENSE docs/mapping-language.md docs/first-mapping.md
        docs/tables-and-answers.md docs/operations.md docs/messages.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
