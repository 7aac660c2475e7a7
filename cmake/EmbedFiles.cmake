# margrave_embed(TARGET FILE...): a static library TARGET that holds the bytes of FILEs (relative to the source
# folder) and defines settings::embedded_files(), their table. The assembler's .incbin takes a megabyte in no
# time, where a C++ literal of that size would cost seconds and gigabytes.
function(margrave_embed target)
    set(bytes ".section .rodata\n")
    set(declarations "")
    set(rows "")
    set(index 0)
    foreach(file ${ARGN})
        string(APPEND bytes
            ".global margrave_file_${index}_begin\nmargrave_file_${index}_begin:\n"
            ".incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n"
            ".global margrave_file_${index}_end\nmargrave_file_${index}_end:\n.byte 0\n")
        string(APPEND declarations
            "extern const char margrave_file_${index}_begin[];\nextern const char margrave_file_${index}_end[];\n")
        string(APPEND rows
            "        {\"${file}\", text(margrave_file_${index}_begin, margrave_file_${index}_end)},\n")
        math(EXPR index "${index} + 1")
    endforeach()
    # Without this note the linker would make the whole program's stack executable.
    string(APPEND bytes ".section .note.GNU-stack,\"\",@progbits\n")

    set(folder ${CMAKE_BINARY_DIR}/generated)
    file(CONFIGURE OUTPUT ${folder}/embedded_bytes.S CONTENT "${bytes}" @ONLY)
    set(MARGRAVE_EMBEDDED_DECLARATIONS "${declarations}")
    set(MARGRAVE_EMBEDDED_ROWS "${rows}")
    configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded_table.cpp.in ${folder}/embedded_table.cpp @ONLY)

    # The bytes are no source of ours: the warnings and sanitizers of margrave_flags stay away from them.
    list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
    set_source_files_properties(${folder}/embedded_bytes.S PROPERTIES OBJECT_DEPENDS "${paths}")
    add_library(${target}_bytes STATIC ${folder}/embedded_bytes.S)
    add_library(${target} STATIC ${folder}/embedded_table.cpp)
    target_link_libraries(${target} PUBLIC margrave_flags PRIVATE ${target}_bytes)
endfunction()

# What is shipped inside the program: everything under config/.
file(GLOB_RECURSE MARGRAVE_CONFIG_FILES CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
    config/*.toml config/*.json)
