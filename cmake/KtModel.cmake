# kt_add_model(NAME SOURCES ...): a model library libkt_model_NAME.so, which exports nothing but its entry point.
set(KT_MODEL_EXPORTS ${CMAKE_BINARY_DIR}/kt_model_exports.map)
file(CONFIGURE OUTPUT ${KT_MODEL_EXPORTS} CONTENT "{ global: kt_plugin_entry; local: *; };\n")

function(kt_add_model name)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  add_library(kt_model_${name} MODULE ${arg_SOURCES})
  target_include_directories(kt_model_${name} PRIVATE ${PROJECT_SOURCE_DIR}/sdk/include)
  target_compile_options(kt_model_${name} PRIVATE -fno-gnu-unique)
  target_link_libraries(kt_model_${name} PRIVATE kt_settings)
  target_link_options(kt_model_${name} PRIVATE -Wl,--version-script=${KT_MODEL_EXPORTS})
  set_target_properties(kt_model_${name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${KT_MODEL_EXPORTS} LIBRARY_OUTPUT_DIRECTORY ${KT_MODEL_DIR})
  install(TARGETS kt_model_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/kt/models)
endfunction()
