# Installs the exact packages of a lock file, only when they are not there yet: npm writes its own lock file into
# node_modules, newer than ours once it has finished.
set(installed ${FOLDER}/node_modules/.package-lock.json)
if(EXISTS ${installed} AND ${installed} IS_NEWER_THAN ${FOLDER}/package-lock.json)
    return()
endif()
execute_process(COMMAND ${NPM} ci WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "npm ci failed in ${FOLDER}")
endif()
