# The browser side, web/, bundled by npm and esbuild into <build>/web, where the program finds it.
# Nothing that npm brings is kept in the repository; web/package-lock.json says what it brings.

set(THIMBLE_WEB_FOLDER "${PROJECT_BINARY_DIR}/web")
set(web_source "${PROJECT_SOURCE_DIR}/web")
set(web_files report.js report.css figures.js)
list(TRANSFORM web_files PREPEND "${THIMBLE_WEB_FOLDER}/" OUTPUT_VARIABLE web_bundle)

find_program(NODE_PROGRAM NAMES node nodejs)
find_program(NPM_PROGRAM npm)
if(NOT NODE_PROGRAM OR NOT NPM_PROGRAM)
  message(FATAL_ERROR "Node.js (18 or newer) and npm bundle the report page: install the packages "
                      "nodejs and npm, or configure with -DTHIMBLE_BUILD_WEB=OFF to build a program "
                      "that writes no reports")
endif()

# npm writes this file last.
set(web_packages "${web_source}/node_modules/.package-lock.json")
add_custom_command(
  OUTPUT "${web_packages}"
  COMMAND "${NPM_PROGRAM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY "${web_source}"
  DEPENDS "${web_source}/package-lock.json"
  COMMENT "Installing what the report page is made from")

file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS "${web_source}/src/*")
add_custom_command(
  OUTPUT ${web_bundle}
  COMMAND "${NODE_PROGRAM}" build.mjs --out "${THIMBLE_WEB_FOLDER}"
  WORKING_DIRECTORY "${web_source}"
  DEPENDS "${web_packages}" ${web_sources} "${web_source}/build.mjs" "${web_source}/tsconfig.json"
  COMMENT "Bundling the report page")
add_custom_target(web ALL DEPENDS ${web_bundle})
