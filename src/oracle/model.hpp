#pragma once

#include <memory>
#include <vector>

#include "margin/oracle.hpp"

namespace margrave::oracle {

/// The model of a source and of everything that it is made of. Throws InputError that names what is
/// missing when the source lacks a parameter or part of its kind, or nests deeper than kDepthMax.
[[nodiscard]] std::shared_ptr<const margin::OracleModel> make_model(
    std::shared_ptr<const margin::OracleSource> source);

inline constexpr std::size_t kDepthMax = 8;

}  // namespace margrave::oracle
