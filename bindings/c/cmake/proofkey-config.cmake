# find_package(proofkey) for an installed prefix: the targets proofkey::proofkey (shared) and proofkey::static.
#
# Works from <prefix>/share/cmake/proofkey. What the static library needs beside itself is read from proofkey.pc.

get_filename_component(_proofkey_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_proofkey_places HINTS "${_proofkey_prefix}" PATH_SUFFIXES lib lib64 "lib/${CMAKE_LIBRARY_ARCHITECTURE}" bin NO_DEFAULT_PATH)
find_path(PROOFKEY_INCLUDE_DIR proofkey.h HINTS "${_proofkey_prefix}/include" NO_DEFAULT_PATH)
find_library(PROOFKEY_SHARED_LIBRARY proofkey ${_proofkey_places})
find_library(PROOFKEY_STATIC_LIBRARY "${CMAKE_STATIC_LIBRARY_PREFIX}proofkey${CMAKE_STATIC_LIBRARY_SUFFIX}" ${_proofkey_places})
find_file(PROOFKEY_PKG_CONFIG_FILE pkgconfig/proofkey.pc ${_proofkey_places})
mark_as_advanced(PROOFKEY_INCLUDE_DIR PROOFKEY_SHARED_LIBRARY PROOFKEY_STATIC_LIBRARY PROOFKEY_PKG_CONFIG_FILE)

if(PROOFKEY_INCLUDE_DIR AND PROOFKEY_SHARED_LIBRARY AND NOT TARGET proofkey::proofkey)
    add_library(proofkey::proofkey UNKNOWN IMPORTED)
    set_target_properties(proofkey::proofkey PROPERTIES
        IMPORTED_LOCATION "${PROOFKEY_SHARED_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${PROOFKEY_INCLUDE_DIR}")
endif()

if(PROOFKEY_INCLUDE_DIR AND PROOFKEY_STATIC_LIBRARY AND PROOFKEY_PKG_CONFIG_FILE AND NOT TARGET proofkey::static)
    file(STRINGS "${PROOFKEY_PKG_CONFIG_FILE}" _proofkey_private REGEX "^Libs\\.private:")
    string(REGEX REPLACE "^Libs\\.private:" "" _proofkey_private "${_proofkey_private}")
    separate_arguments(_proofkey_private)
    add_library(proofkey::static UNKNOWN IMPORTED)
    set_target_properties(proofkey::static PROPERTIES
        IMPORTED_LOCATION "${PROOFKEY_STATIC_LIBRARY}"
        INTERFACE_LINK_LIBRARIES "${_proofkey_private}"
        INTERFACE_INCLUDE_DIRECTORIES "${PROOFKEY_INCLUDE_DIR}")
endif()

if(NOT TARGET proofkey::proofkey AND NOT TARGET proofkey::static)
    set(proofkey_FOUND FALSE)
    set(proofkey_NOT_FOUND_MESSAGE "neither the shared nor the static library is under ${_proofkey_prefix}")
endif()
