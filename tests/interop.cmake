# Real peers against the program: each interop/STEM.py is the test interop.STEM. It finds the program in $POSTRIDER, its
# helpers in support/, and succeeds by exit status 0. Files that begin with _ are helpers.
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/interop/*.py)
list(FILTER scripts EXCLUDE REGEX "/_[^/]*$")
if(TARGET postrider)
  foreach(script ${scripts})
    get_filename_component(stem ${script} NAME_WE)
    add_test(NAME interop.${stem} COMMAND ${POSTRIDER_PYTHON} ${script})
    set_tests_properties(interop.${stem} PROPERTIES TIMEOUT 300 LABELS interop
      ENVIRONMENT "POSTRIDER=$<TARGET_FILE:postrider>;PYTHONPATH=${CMAKE_CURRENT_LIST_DIR}/support;PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endif()
