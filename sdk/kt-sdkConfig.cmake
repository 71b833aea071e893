# find_package(kt-sdk): the target kt::sdk, and kt_add_plugin() and kt_add_model().
include(${CMAKE_CURRENT_LIST_DIR}/kt-sdkTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/KtPlugin.cmake)
