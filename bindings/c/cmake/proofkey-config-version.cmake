# The version stands once, in the installed header. Until 1.0 another minor number is another library.

set(_proofkey_header "${CMAKE_CURRENT_LIST_DIR}/../../../include/proofkey.h")
foreach(_proofkey_part MAJOR MINOR PATCH)
    file(STRINGS "${_proofkey_header}" _proofkey_line REGEX "^#define PROOFKEY_VERSION_${_proofkey_part} ")
    string(REGEX REPLACE "[^0-9]" "" _proofkey_${_proofkey_part} "${_proofkey_line}")
endforeach()
set(PACKAGE_VERSION "${_proofkey_MAJOR}.${_proofkey_MINOR}.${_proofkey_PATCH}")

if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
elseif(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION OR NOT PACKAGE_FIND_VERSION_MAJOR EQUAL _proofkey_MAJOR)
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(_proofkey_MAJOR EQUAL 0 AND NOT PACKAGE_FIND_VERSION_MINOR EQUAL _proofkey_MINOR)
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
