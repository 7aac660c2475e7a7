#pragma once

#include <optional>
#include <string>

#include "core/address.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::test {

/// A part of the devnet that could not be read; without a wallet it concerns everyone.
inline snapshot::CoverageGap gap(const std::string& protocol,
                                 std::optional<core::Address> wallet = {}) {
    snapshot::CoverageGap out;
    out.chain = "devnet";
    out.protocol = protocol;
    out.wallet = wallet;
    out.detail = "HTTP 500";
    return out;
}

}  // namespace margrave::test
