// Every line of stdin is a JSON document; its canonical text, or "refused: " and why, is a line of
// stdout.

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/errors.hpp"
#include "evidence/canonical_json.hpp"

namespace {

std::string answer(const std::string& text) {
    using namespace margrave;
    try {
        return evidence::canonical_json(evidence::read_strict_json(text));
    } catch (const core::InputError& error) {
        return std::string("refused: ") + error.what();
    }
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::cout << answer(line) << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}
