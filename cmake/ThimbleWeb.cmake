# The browser side, web/, bundled by npm and esbuild into <build>/web; `web_bundle` names the files,
# which become part of the program. Without Node.js there are none: the program then writes no
# reports, and serves its API and a plain form.
# Nothing that npm brings is kept in the repository; web/package-lock.json says what it brings.

set(web_bundle "")
find_program(NODE_PROGRAM NAMES node nodejs)
find_program(NPM_PROGRAM npm)
if(THIMBLE_BUILD_WEB AND NOT (NODE_PROGRAM AND NPM_PROGRAM))
  message(WARNING "No Node.js (18 or newer) with npm: this build writes no reports, and `thimble "
                  "serve` has a plain form in the place of its page. Install the packages nodejs "
                  "and npm to have them.")
  set(THIMBLE_BUILD_WEB OFF)
endif()
if(NOT THIMBLE_BUILD_WEB)
  return()
endif()

set(THIMBLE_WEB_FOLDER "${PROJECT_BINARY_DIR}/web")
set(web_source "${PROJECT_SOURCE_DIR}/web")
set(web_bundle report.js report.css figures.js app.html app.css app.js app_report.js app_shared.js)
list(TRANSFORM web_bundle PREPEND "${THIMBLE_WEB_FOLDER}/")

# npm writes this file last.
set(web_packages "${web_source}/node_modules/.package-lock.json")
add_custom_command(
  OUTPUT "${web_packages}"
  COMMAND "${NPM_PROGRAM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY "${web_source}"
  DEPENDS "${web_source}/package-lock.json"
  COMMENT "Installing what the browser side is made from")

file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS "${web_source}/src/*")
add_custom_command(
  OUTPUT ${web_bundle}
  COMMAND "${NODE_PROGRAM}" build.mjs --out "${THIMBLE_WEB_FOLDER}"
  WORKING_DIRECTORY "${web_source}"
  DEPENDS "${web_packages}" ${web_sources} "${web_source}/build.mjs" "${web_source}/tsconfig.json"
  COMMENT "Bundling the browser side")
add_custom_target(web ALL DEPENDS ${web_bundle})
add_dependencies(thimble_report web)
