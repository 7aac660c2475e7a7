# Boost.Multiprecision is in nearly every file, through core/u256.hpp, and takes seconds to parse; nlohmann/json and Catch2
# are as long. clang parses them once, in a third less time for everything. g++ does not: what it precompiled it takes for
# no system header, warns of it, and saves next to nothing. So the builds by g++ show an #include that is missing.
set(MARGRAVE_PRECOMPILED <boost/multiprecision/cpp_int.hpp> <nlohmann/json.hpp> <algorithm> <array> <chrono> <functional>
    <map> <memory> <optional> <string> <string_view> <utility> <variant> <vector>)

# margrave_precompile(TARGET): for libraries, which are compiled alike.
function(margrave_precompile target)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        target_precompile_headers(${target} REUSE_FROM margrave_precompiled)
    endif()
endfunction()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Else it is another one each time, and with it all that was compiled by it.
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    file(WRITE ${CMAKE_BINARY_DIR}/generated/precompiled.cpp "")
    add_library(margrave_precompiled OBJECT ${CMAKE_BINARY_DIR}/generated/precompiled.cpp)
    target_link_libraries(margrave_precompiled PRIVATE margrave_flags Boost::headers nlohmann_json::nlohmann_json)
    target_precompile_headers(margrave_precompiled PRIVATE ${MARGRAVE_PRECOMPILED})
endif()
