# cmake -DPROGRAM=… -DPAGE=… -P compare.cmake: does the program print the page?
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
file(READ ${PAGE} page)
if(NOT printed STREQUAL page)
  message(FATAL_ERROR "the page is out of date; run: ${PROGRAM} > ${PAGE}")
endif()
