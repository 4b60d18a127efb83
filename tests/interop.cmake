# Real peers against the program: each interop/STEM.py is the test interop.STEM. It finds the program in $POSTRIDER, its
# helpers in support/, what ./dev test fetched in $PEERS and $NODE_PATH, and succeeds by exit
# status 0. Files that begin with _ are helpers.
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/interop/*.py)
list(FILTER scripts EXCLUDE REGEX "/_[^/]*$")
if(TARGET postrider)
  # Every backend of the resolver at real name servers.
  set(conformance)
  if(TARGET postrider_resolver_system AND TARGET postrider_resolver_unbound)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/interop/resolver_conformance/*.cc)
    add_executable(resolver_conformance ${sources})
    target_link_libraries(resolver_conformance PRIVATE postrider::resolver_backends postrider::tls_backends postrider_warnings)
    set(conformance ";RESOLVER_CONFORMANCE=$<TARGET_FILE:resolver_conformance>")
  else()
    list(FILTER scripts EXCLUDE REGEX "/resolver_backends\\.py$")
  endif()
  # What MTA-STS says, with policies of a real web server.
  add_executable(mta_sts_lookup ${CMAKE_CURRENT_LIST_DIR}/interop/mta_sts_lookup.cc)
  target_link_libraries(mta_sts_lookup PRIVATE postrider::resolver postrider::resolver_static postrider::tls_backends
    postrider_warnings)
  # What the queue makes of content, looked at by other readers.
  add_executable(content_tool ${CMAKE_CURRENT_LIST_DIR}/interop/content_tool.cc)
  target_link_libraries(content_tool PRIVATE postrider::queue_content postrider_warnings)
  # The mail of a report about TLS, looked at by Python.
  add_executable(tls_report_tool ${CMAKE_CURRENT_LIST_DIR}/interop/tls_report_tool.cc)
  target_link_libraries(tls_report_tool PRIVATE postrider::agent postrider_warnings)
  # The long ones begin first, so that none is left alone at the end.
  set(long fuzz_peers smuggle conformance fuzz hostile_servers send_to_peers)
  foreach(script ${scripts})
    get_filename_component(stem ${script} NAME_WE)
    add_test(NAME interop.${stem} COMMAND ${POSTRIDER_PYTHON} ${script})
    set_tests_properties(interop.${stem} PROPERTIES TIMEOUT 900 LABELS interop
      ENVIRONMENT "POSTRIDER=$<TARGET_FILE:postrider>;MTA_STS_LOOKUP=$<TARGET_FILE:mta_sts_lookup>;CONTENT_TOOL=$<TARGET_FILE:content_tool>;TLS_REPORT_TOOL=$<TARGET_FILE:tls_report_tool>;PEERS=${PROJECT_SOURCE_DIR}/build/peers;NODE_PATH=${PROJECT_SOURCE_DIR}/build/npm/node_modules;PYTHONPATH=${CMAKE_CURRENT_LIST_DIR}/support;PYTHONDONTWRITEBYTECODE=1${conformance}")
    list(FIND long ${stem} place)
    if(NOT place EQUAL -1)
      math(EXPR cost "1000 - ${place}")
      set_tests_properties(interop.${stem} PROPERTIES COST ${cost})
    endif()
  endforeach()
endif()
