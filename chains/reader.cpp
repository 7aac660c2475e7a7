#include "chains/reader.hpp"

namespace margrave::chains {

core::ChainError PendingCall::error(core::ErrorKind why, std::string_view detail) const {
    return {why, to.to_string() + " " + std::string(function), detail};
}

}  // namespace margrave::chains
