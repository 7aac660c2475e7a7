#include <benchmark/benchmark.h>

#include <iostream>
#include <string_view>

#include "tests/bench/peer_side.hpp"

/// margrave_bench [Google Benchmark's options]   measures the kernels
/// margrave_bench peer FILE                       is margrave's half of compare.mjs
int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "peer") {
        return margrave::bench::serve_peer(argv[2], std::cin, std::cout);
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
