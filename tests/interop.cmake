# Real peers against the program: each interop/STEM.py is the test interop.STEM. It finds the program in $POSTRIDER, its
# helpers in support/, and succeeds by exit status 0. Files that begin with _ are helpers.
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/interop/*.py)
list(FILTER scripts EXCLUDE REGEX "/_[^/]*$")
if(TARGET postrider)
  # What no subcommand does yet: a client of ours against our authenticator, with a real Dovecot behind it.
  add_executable(dovecot_login ${CMAKE_CURRENT_LIST_DIR}/interop/dovecot_login.cc)
  target_link_libraries(dovecot_login PRIVATE postrider::agent postrider_warnings)
  # What MTA-STS says, with policies of a real web server.
  add_executable(mta_sts_lookup ${CMAKE_CURRENT_LIST_DIR}/interop/mta_sts_lookup.cc)
  target_link_libraries(mta_sts_lookup PRIVATE postrider::resolver postrider::resolver_static postrider::tls_backends
    postrider_warnings)
  foreach(script ${scripts})
    get_filename_component(stem ${script} NAME_WE)
    add_test(NAME interop.${stem} COMMAND ${POSTRIDER_PYTHON} ${script})
    set_tests_properties(interop.${stem} PROPERTIES TIMEOUT 300 LABELS interop
      ENVIRONMENT "POSTRIDER=$<TARGET_FILE:postrider>;DOVECOT_LOGIN=$<TARGET_FILE:dovecot_login>;MTA_STS_LOOKUP=$<TARGET_FILE:mta_sts_lookup>;PYTHONPATH=${CMAKE_CURRENT_LIST_DIR}/support;PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endif()
