# What makes a mistake in memory harder to use, for every target that links kt_settings; hardening_test.py reads it back from the files.
include(CheckLinkerFlag)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C CXX)  # executables are linked with -pie; CMAKE_POSITION_INDEPENDENT_CODE compiles for it

target_compile_options(kt_settings INTERFACE -fstack-protector-strong)
if(NOT KT_SANITIZE)  # the sanitizers check the same calls, and more
  target_compile_options(kt_settings INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
endif()
target_compile_options(kt_settings INTERFACE -D_GLIBCXX_ASSERTIONS)

foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  string(MAKE_C_IDENTIFIER "KT_HAS${flag}" known)
  check_linker_flag(CXX ${flag} ${known})
  if(${known})
    target_link_options(kt_settings INTERFACE ${flag})
  endif()
endforeach()
