# margrave_library(NAME FOLDER DEPENDENCY...): one static library of the .cpp files directly in FOLDER
# (for chains/ also those of its families), named margrave_NAME. A folder of headers becomes an
# interface library.
function(margrave_library name folder)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(name STREQUAL "chains")
        file(GLOB family_sources CONFIGURE_DEPENDS chains/evm/*.cpp)
        list(APPEND sources ${family_sources})
    endif()
    list(FILTER sources EXCLUDE REGEX "src/app/main.cpp$")
    if(sources)
        add_library(margrave_${name} STATIC ${sources})
        target_link_libraries(margrave_${name} PUBLIC margrave_flags ${ARGN})
        margrave_precompile(margrave_${name})
    else()
        add_library(margrave_${name} INTERFACE)
        target_link_libraries(margrave_${name} INTERFACE margrave_flags ${ARGN})
    endif()
endfunction()

# margrave_adapters(DEPENDENCY...): one library a folder adapters/<protocol>/, and margrave_adapters, which
# holds the generated tables: from a protocol's name to its make_adapter, restore_market and find_claim (folders with an
# adapter.hpp), from a pool's kind to its make_reader and restore_venue (folders with a venue.hpp). A new
# protocol is a new folder: there is no list to edit.
function(margrave_adapters)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} adapters/*/adapter.hpp)
    set(MARGRAVE_ADAPTER_INCLUDES "")
    set(MARGRAVE_ADAPTER_ROWS "")
    set(libraries "")
    foreach(header ${headers})
        get_filename_component(folder ${header} DIRECTORY)
        get_filename_component(protocol ${folder} NAME)
        file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
        add_library(margrave_adapter_${protocol} STATIC ${sources})
        target_link_libraries(margrave_adapter_${protocol} PUBLIC margrave_flags ${ARGN})
        margrave_precompile(margrave_adapter_${protocol})
        list(APPEND libraries margrave_adapter_${protocol})
        string(APPEND MARGRAVE_ADAPTER_INCLUDES "#include \"${header}\"\n")
        string(APPEND MARGRAVE_ADAPTER_ROWS "    {\"${protocol}\", &${protocol}::make_adapter, &${protocol}::restore_market, &${protocol}::find_claim, &${protocol}::describe},\n")
    endforeach()
    configure_file(${CMAKE_SOURCE_DIR}/cmake/adapter_table.cpp.in
        ${CMAKE_BINARY_DIR}/generated/adapter_table.cpp @ONLY)

    # Pools that swap: the same for the folders that hold a venue.hpp.
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} adapters/*/venue.hpp)
    set(MARGRAVE_VENUE_INCLUDES "")
    set(MARGRAVE_VENUE_ROWS "")
    list(LENGTH headers MARGRAVE_VENUE_COUNT)
    foreach(header ${headers})
        get_filename_component(folder ${header} DIRECTORY)
        get_filename_component(kind ${folder} NAME)
        if(NOT TARGET margrave_adapter_${kind})
            file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
            add_library(margrave_adapter_${kind} STATIC ${sources})
            target_link_libraries(margrave_adapter_${kind} PUBLIC margrave_flags ${ARGN})
            margrave_precompile(margrave_adapter_${kind})
            list(APPEND libraries margrave_adapter_${kind})
        endif()
        string(APPEND MARGRAVE_VENUE_INCLUDES "#include \"${header}\"\n")
        string(APPEND MARGRAVE_VENUE_ROWS "    {\"${kind}\", &${kind}::make_reader, &${kind}::restore_venue, &${kind}::describe_venue},\n")
    endforeach()
    configure_file(${CMAKE_SOURCE_DIR}/cmake/venue_table.cpp.in
        ${CMAKE_BINARY_DIR}/generated/venue_table.cpp @ONLY)

    add_library(margrave_adapters STATIC
        ${CMAKE_BINARY_DIR}/generated/adapter_table.cpp ${CMAKE_BINARY_DIR}/generated/venue_table.cpp)
    target_link_libraries(margrave_adapters PUBLIC margrave_flags ${libraries} ${ARGN})
endfunction()
