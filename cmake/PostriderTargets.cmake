# How every target of the house is made: one library a folder, headers beside sources, warnings are errors.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# ccache must be told that a precompiled header is no reason to give up.
find_program(POSTRIDER_CCACHE ccache)
if(POSTRIDER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${POSTRIDER_CCACHE})
endif()

# The quick linkers are a convenience: without them the compiler's own is used.
find_program(POSTRIDER_MOLD mold)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND POSTRIDER_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

# For the scripts that are tests; the one of the system, since a version manager's shim costs 50 ms a start.
find_program(POSTRIDER_PYTHON python3 HINTS /usr/bin)

# Headers are included as "postrider/protocol/grammar/reply.h", in the tree as when installed.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/include/postrider SYMBOLIC)

add_library(postrider_warnings INTERFACE)
target_compile_options(postrider_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
  -Wcast-qual -Wextra-semi -Wimplicit-fallthrough -Wundef -Werror
  # g++ 12 warns falsely: of the first for every Asio coroutine, of the others inside std::string at -O3 (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overflow
    -Wno-array-bounds>)

if(POSTRIDER_SANITIZE)
  add_compile_options(-fsanitize=${POSTRIDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${POSTRIDER_SANITIZE})
endif()
if(POSTRIDER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# postrider_precompiled(NAME DEPENDS target... HEADERS header...): a header compiled once, for the targets that
# postrider_use_precompiled names. Compiler options must be the same on both sides, hence OPTIONS. It is a matter of
# speed alone: nothing may need it, and header_check and POSTRIDER_PCH=OFF show whether a source includes what it uses.
function(postrider_precompiled name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;OPTIONS;HEADERS" ${ARGN})
  if(POSTRIDER_PCH)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "// Owns a precompiled header.\n")
    add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
    target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} postrider_warnings)
    target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
    target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
  endif()
endfunction()
function(postrider_use_precompiled target)
  set(name ${ARGN})
  if(name AND POSTRIDER_PCH AND TARGET ${name})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

# postrider_library(NAME PRECOMPILED name EXCLUDE regex SOURCES file... DEPENDS target... DEFINE definition... OPTIONS option...): a
# static library of all sources in the current folder, but for those that EXCLUDE matches, or of SOURCES. DEFINE is seen by whoever links it, OPTIONS by its own sources alone. A folder that has no source
# yet becomes a library of headers, so that the rest of the house can be built meanwhile.
function(postrider_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED;EXCLUDE" "DEPENDS;DEFINE;OPTIONS;SOURCES" ${ARGN})
  if(ARG_SOURCES)
    set(sources ${ARG_SOURCES})
  else()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  endif()
  list(FILTER sources EXCLUDE REGEX "_main\\.cc$")
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  if(sources)
    set(kind STATIC)
    set(reach PUBLIC)
  else()
    set(kind INTERFACE)
    set(reach INTERFACE)
  endif()
  add_library(postrider_${name} ${kind} ${sources})
  add_library(postrider::${name} ALIAS postrider_${name})
  set_target_properties(postrider_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(postrider_${name} ${reach} cxx_std_23)
  target_include_directories(postrider_${name} ${reach}
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_compile_definitions(postrider_${name} ${reach} ${ARG_DEFINE})
  target_link_libraries(postrider_${name} ${reach} ${ARG_DEPENDS})
  if(sources)
    target_link_libraries(postrider_${name} PRIVATE $<BUILD_INTERFACE:postrider_warnings>)
    target_compile_options(postrider_${name} PRIVATE ${ARG_OPTIONS})
    postrider_use_precompiled(postrider_${name} ${ARG_PRECOMPILED})
  endif()
endfunction()

# postrider_tests(FOLDER PRECOMPILED name EXCLUDE regex DEPENDS target...): one program of all tests/FOLDER/**.cc, but for those that
# EXCLUDE matches, each test known to ctest, with the label unit.FOLDER.
function(postrider_tests folder)
  cmake_parse_arguments(ARG "" "PRECOMPILED;EXCLUDE" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_main\\.cc$")
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  if(NOT sources)
    return()
  endif()
  add_executable(${folder}_tests ${sources})
  target_link_libraries(${folder}_tests PRIVATE ${ARG_DEPENDS} postrider_warnings GTest::gtest_main GTest::gmock)
  postrider_use_precompiled(${folder}_tests ${ARG_PRECOMPILED})
  include(GoogleTest)
  gtest_discover_tests(${folder}_tests DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS unit.${folder})
endfunction()

# postrider_header_check(FOLDER): the target header_check compiles every header of the folder as a program of its own,
# included twice, with nothing but what the library that is named as the folder's last part brings.
function(postrider_header_check folder)
  get_filename_component(library ${folder} NAME)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${folder}/*.h)
  if(NOT headers)
    return()
  endif()
  set(sources)
  foreach(header ${headers})
    set(source ${CMAKE_BINARY_DIR}/header_check/${header}.cc)
    file(CONFIGURE OUTPUT ${source} @ONLY
         CONTENT "#include \"postrider/@header@\"\n\n#include \"postrider/@header@\"\n")
    list(APPEND sources ${source})
  endforeach()
  add_library(header_check_${library} OBJECT EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(header_check_${library} PRIVATE postrider::${library} postrider_warnings)
  target_compile_options(header_check_${library} PRIVATE -O0 -g0)
  if(NOT TARGET header_check)
    add_custom_target(header_check)
  endif()
  add_dependencies(header_check header_check_${library})
endfunction()
