# Tests that are scripts: the lint's own, the installed package, the core's independence, the quotations of README.md.

add_test(NAME lint.checks_can_fail COMMAND ${POSTRIDER_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/lint/lint_test.py)
set_tests_properties(lint.checks_can_fail PROPERTIES LABELS scripts ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

add_test(NAME readme.quotes_examples COMMAND ${POSTRIDER_PYTHON} ${CMAKE_SOURCE_DIR}/scripts/quote_examples.py)
set_tests_properties(readme.quotes_examples PROPERTIES LABELS scripts)

if(POSTRIDER_TLS_OPENSSL AND POSTRIDER_TLS_WOLFSSL AND NOT POSTRIDER_CORE_ONLY AND NOT POSTRIDER_SANITIZE)
  add_test(NAME tls.link_order COMMAND ${POSTRIDER_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/transport/tls/link_order.py
    $<TARGET_FILE:replay_tls_server_engine>)
  set_tests_properties(tls.link_order PROPERTIES LABELS scripts)
endif()

get_target_property(kind postrider_protocol TYPE)
if(kind STREQUAL "STATIC_LIBRARY" AND CMAKE_GENERATOR STREQUAL "Ninja")
  add_test(NAME protocol.stands_alone
    COMMAND ${POSTRIDER_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/support/stands_alone.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
  set_tests_properties(protocol.stands_alone PROPERTIES LABELS scripts)
  if(NOT POSTRIDER_SANITIZE)
    add_test(NAME consumer.installed_package
      COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/consumer/try.sh ${CMAKE_BINARY_DIR} ${CMAKE_CXX_COMPILER})
    set_tests_properties(consumer.installed_package PROPERTIES LABELS scripts TIMEOUT 300)
  endif()
endif()

# A page of docs/ that is printed from the code; to bring it up to date, redirect the program into the page.
if(kind STREQUAL "STATIC_LIBRARY" AND NOT POSTRIDER_SANITIZE)
  add_executable(print_command_table ${CMAKE_CURRENT_LIST_DIR}/docs/print_command_table.cc)
  target_link_libraries(print_command_table PRIVATE postrider::protocol postrider_warnings)
  add_test(NAME docs.command_table COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:print_command_table>
    -DPAGE=${CMAKE_SOURCE_DIR}/docs/command-table.md -P ${CMAKE_CURRENT_LIST_DIR}/docs/compare.cmake)
  set_tests_properties(docs.command_table PROPERTIES LABELS scripts)
endif()
