#include "chains/reader.hpp"

namespace margrave::chains {

core::ChainError PendingCall::error(core::ErrorKind why, std::string detail) const {
    return {why, to.to_string() + " " + std::string(function), std::move(detail)};
}

}  // namespace margrave::chains
