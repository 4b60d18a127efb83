# Two components: protocol (headers, library, package files for CMake and pkg-config) and program.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/postrider)

get_target_property(kind postrider_protocol TYPE)
set(library_folder)
if(NOT kind STREQUAL "INTERFACE_LIBRARY")
  set(library_folder ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(TARGETS postrider_protocol EXPORT postrider-protocol COMPONENT protocol ${library_folder})
install(DIRECTORY protocol DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/postrider COMPONENT protocol
  FILES_MATCHING PATTERN "*.h")
install(EXPORT postrider-protocol NAMESPACE postrider:: DESTINATION ${config_folder} COMPONENT protocol)

write_basic_package_version_file(${CMAKE_BINARY_DIR}/postriderConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/postriderConfig.cmake ${CMAKE_BINARY_DIR}/postriderConfigVersion.cmake
  DESTINATION ${config_folder} COMPONENT protocol)

# The way from the .pc file back to the prefix, so that an installed tree can be moved.
file(RELATIVE_PATH POSTRIDER_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" POSTRIDER_PC_PREFIX ${POSTRIDER_PC_PREFIX})
configure_file(cmake/postrider-protocol.pc.in postrider-protocol.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/postrider-protocol.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT protocol)

if(TARGET postrider)
  install(TARGETS postrider RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()
file(GLOB manual CONFIGURE_DEPENDS docs/man/*.1)
if(manual)
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
endif()
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
