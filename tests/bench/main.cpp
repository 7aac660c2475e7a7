#include <benchmark/benchmark.h>

#include <iostream>
#include <string>
#include <string_view>

#include "tests/bench/common_side.hpp"
#include "tests/bench/peer_side.hpp"
#include "tests/bench/start_time.hpp"

/// margrave_bench [Google Benchmark's options]   measures the kernels
/// margrave_bench peer FILE                       is margrave's half of compare.mjs
/// margrave_bench common FOLDER BORROWERS         is its half of common_market.mjs
/// margrave_bench memory BORROWERS                says what memory so many take
/// margrave_bench held WALLETS                    says what an Aave market of so many holds
/// margrave_bench start PROGRAM                   says how long its --help takes
int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "common") {
        return margrave::bench::serve_common(argv[2], std::stoul(argv[3]), std::cin, std::cout);
    }
    if (argc == 3 && std::string_view(argv[1]) == "memory") {
        return margrave::bench::print_memory(std::stoul(argv[2]), std::cout);
    }
    if (argc == 3 && std::string_view(argv[1]) == "held") {
        return margrave::bench::print_held(std::stoul(argv[2]), std::cout);
    }
    if (argc == 3 && std::string_view(argv[1]) == "start") {
        return margrave::bench::print_start_time(argv[2], std::cout);
    }
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
