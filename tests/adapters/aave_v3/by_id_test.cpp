#include "adapters/aave_v3/by_id.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

using margrave::adapters::aave_v3::ById;

TEST_CASE("a table by id is a map, with holes and without", "[aave_v3][by_id][property]") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 300; ++round) {
        ById<unsigned, int> table;
        std::map<unsigned, int> map;
        const unsigned ids = 1 + static_cast<unsigned>(random() % 200);
        for (int step = 0; step < 60; ++step) {
            const auto id = static_cast<unsigned>(random() % ids);
            if (random() % 2 == 0) {
                REQUIRE(table.emplace(id, step).second == map.emplace(id, step).second);
            } else {
                table[id] += step;
                map[id] += step;
            }
        }
        REQUIRE(table.size() == map.size());
        REQUIRE(std::vector<std::pair<unsigned, int>>(table.begin(), table.end()) ==
                std::vector<std::pair<unsigned, int>>(map.begin(), map.end()));
        for (unsigned id = 0; id < 210; ++id) {
            REQUIRE(table.count(id) == map.count(id));
            if (map.count(id) != 0) {
                REQUIRE(table.at(id) == map.at(id));
                REQUIRE(table.find(id)->first == id);
            } else {
                REQUIRE_THROWS_AS(table.at(id), std::out_of_range);
            }
        }
    }
}
