# The version header, and where programs find schema/ and mappings/ (see config/data_files.hpp).
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.hpp.in ${PROJECT_BINARY_DIR}/generated/sql2ldap/version.hpp)
target_include_directories(sql2ldap_base PUBLIC $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
target_compile_definitions(sql2ldap_config PRIVATE
  S2L_DATA_DIR="${CMAKE_INSTALL_FULL_DATADIR}/sql2ldap"
  S2L_BUILD_DIR="${PROJECT_BINARY_DIR}"
  S2L_BUILD_DATA_DIR="${PROJECT_SOURCE_DIR}")
