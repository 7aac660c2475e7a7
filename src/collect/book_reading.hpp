#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/account_events.hpp"
#include "chains/evm/batch_reader.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/u256.hpp"
#include "settings/settings.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::collect {

/// Accounts of one market that are to be read for a book.
struct BookQuestion {
    const settings::MarketEntry* entry = nullptr;  ///< its deployment
    std::string market;                            ///< by its name
    std::vector<core::Address> wallets;
};

/// What was read of one wallet: numbers as margin::KeptRows has them, none without debt; or why it
/// could not be read.
struct BookAnswer {
    core::Address wallet;
    std::vector<core::U256> numbers;
    std::optional<core::ChainError> failure;
};

/// The events that the deployment's borrowers are found by. Throws core::ChainError when they
/// cannot be told, ConfigError for a protocol whose events nobody knows.
[[nodiscard]] adapters::AccountEvents read_account_events(chains::evm::BatchReader& reader,
                                                          const settings::Settings& settings,
                                                          const settings::MarketEntry& entry,
                                                          const std::string& only_market);

/// An answer for each wallet of each question, in their order; all questions travel together.
/// Throws core::ChainError when the block is no longer in the chain.
[[nodiscard]] std::vector<std::vector<BookAnswer>> read_book_accounts(
    chains::evm::BatchReader& reader, const settings::Settings& settings,
    std::span<const BookQuestion> questions);

/// What the accounts of these markets share, and what their price sources are made of: a snapshot
/// without wallets, whose markets have no accounts. The questions' wallets are asked for their sake
/// only: one each is enough.
[[nodiscard]] snapshot::Snapshot read_book_shared(chains::evm::BatchReader& reader,
                                                  const settings::Settings& settings,
                                                  const settings::Chain& chain,
                                                  std::span<const BookQuestion> questions);

}  // namespace margrave::collect
