# Settings shared by every target, and the functions that declare the kinds of targets kt has.
include(GNUInstallDirs)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME runtime)  # what runs models; the other component is sdk

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(KT_CCACHE ccache)
if(KT_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${KT_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KT_CCACHE})
endif()

# The build tree has the layout of an installation, so that programs find plugins, models and rules the same way in both.
set(KT_BIN_DIR    ${CMAKE_BINARY_DIR}/bin)
set(KT_LIB_DIR    ${CMAKE_BINARY_DIR}/lib)
set(KT_PLUGIN_DIR ${KT_LIB_DIR}/kt/plugins)
set(KT_MODEL_DIR  ${KT_LIB_DIR}/kt/models)
set(KT_SHARE_DIR  ${CMAKE_BINARY_DIR}/share/kt)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${KT_BIN_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${KT_LIB_DIR})
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")

add_library(kt_settings INTERFACE)
target_compile_options(kt_settings INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-restrict)
include(KtHardening)
if(KT_WERROR)
  target_compile_options(kt_settings INTERFACE -Werror)
endif()
if(KT_SANITIZE)
  add_compile_options(-fsanitize=${KT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KT_SANITIZE})
endif()

# kt_add_core(NAME SOURCES ... LIBS ...): one folder of core as a static library kt_core_NAME, gathered into libkt_core.
function(kt_add_core name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(kt_core_${name} STATIC ${arg_SOURCES})
  target_include_directories(kt_core_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/sdk/include)
  target_link_libraries(kt_core_${name} PUBLIC ${arg_LIBS} PRIVATE kt_settings)
  set_property(GLOBAL APPEND PROPERTY KT_CORE_PARTS kt_core_${name})
endfunction()

# kt_add_test(NAME SOURCES ... LIBS ... [LABELS ...]): a GoogleTest program; its cases are found by ctest.
function(kt_add_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} kt_settings GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE KT_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/golden" KT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    KT_BUILD_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  if(arg_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  endif()
endfunction()
