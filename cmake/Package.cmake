# The Debian package: `cpack -G DEB` in a build folder (docs/operations.md).

include(GNUInstallDirs)
install(FILES ${CMAKE_SOURCE_DIR}/config/service/margrave-watch.service DESTINATION lib/systemd/system)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME margrave)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the margrave team <margrave@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "On-chain DeFi portfolio margin monitor")
set(CPACK_PACKAGE_DESCRIPTION "Reads a fund's accounts straight from the chains, rebuilds each protocol's solvency
arithmetic to the wei, simulates cascading liquidations, and warns before they happen.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# The libraries that the program is linked with, from the packages that they come in.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/config/service/postinst ${CMAKE_SOURCE_DIR}/config/service/prerm)
include(CPack)
