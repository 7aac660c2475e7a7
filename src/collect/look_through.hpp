#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// How many claims may stand on each other; a longer row is cut there, and named.
inline constexpr std::size_t kClaimDepthMax = 6;

/// Asks tokens what they are claims on, each once however many wallets hold it, and what those are
/// claims on in turn. A token without any of the known interfaces is none.
class LookThroughReader {
  public:
    LookThroughReader(const settings::Chain& chain, const std::vector<settings::TokenRate>& rates);

    /// Asks `token`, unless it was asked before. Never throws core::ChainError: failures are kept
    /// for take().
    [[nodiscard]] chains::Task<void> read(chains::Reader& reader, core::Address token);
    /// Asks what `amount` of the token is worth, level by level with the contracts' own rounding;
    /// after read() has ended. Never throws core::ChainError.
    [[nodiscard]] chains::Task<void> convert(chains::Reader& reader, core::Address token,
                                             core::U256 amount);
    [[nodiscard]] bool is_claim(const core::Address& token) const;

    /// Adds the claims, and as gaps what could not be read of them, rows that lead back to
    /// themselves, and rows of more than kClaimDepthMax.
    void take(snapshot::Snapshot& into) const;

  private:
    struct Entry {
        std::optional<snapshot::TokenClaim> claim;  ///< nullopt: none, or not read
        std::optional<core::ChainError> failure;    ///< of recognising it or of its rate
        std::optional<core::ChainError> no_answer;  ///< of an amount
        std::optional<core::U256> configured_rate;  ///< 1e18 is one; of ClaimKind::Rate
    };

    [[nodiscard]] chains::Task<bool> ask(chains::Reader& reader, core::Address token);
    [[nodiscard]] chains::Task<bool> follow(chains::Reader& reader, core::Address token);
    [[nodiscard]] chains::Task<bool> name_underlying(chains::Reader& reader,
                                                     snapshot::TokenClaim& claim) const;
    [[nodiscard]] std::string trouble_of(const core::Address& token) const;

    settings::Chain chain_;
    std::map<core::Address, settings::TokenRate> rates_;
    std::map<core::Address, Entry> entries_;
};

}  // namespace margrave::collect
