#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/account_events.hpp"
#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"
#include "core/archive.hpp"
#include "margin/claim.hpp"
#include "margin/market.hpp"
#include "margin/oracle.hpp"
#include "settings/settings.hpp"

namespace margrave::adapters {

/// Reads one configured deployment at one block. Lives for one snapshot.
class Adapter {
  public:
    virtual ~Adapter() = default;

    /// Adds the wallet's account. Lets core::ChainError pass: an unread account is not an empty
    /// one. Everything that wallets share is asked for once.
    [[nodiscard]] virtual chains::Task<void> read(chains::Reader& chain, core::Address wallet) = 0;

    /// The events that read() will scan for, known before any block is chosen.
    [[nodiscard]] virtual std::vector<chains::LogFilter> scans() const { return {}; }

    /// The events that a book of the whole market is made by; nullopt where nobody knows them yet.
    [[nodiscard]] virtual chains::Task<std::optional<AccountEvents>> account_events(
        chains::Reader& /*chain*/) {
        std::optional<AccountEvents> none;
        co_return none;
    }

    /// The markets with all accounts read so far: one, or several where a deployment's markets are
    /// isolated from each other; none when what they share could not be read. Call once, last.
    [[nodiscard]] virtual std::vector<std::unique_ptr<margin::Market>> take_markets() = 0;
    /// What could not be read and belongs to none of those markets. Call after take_markets().
    [[nodiscard]] virtual std::vector<margin::Missing> missing() const { return {}; }
};

/// Told of each price source that health depends on, as soon as an adapter learns of it; what the
/// answer is made of is found out for all adapters together. The same source may be named again.
using NotePriceSource =
    std::function<void(const core::Address& source, margin::PriceQuestion question)>;

struct AdapterOptions {
    bool verify = false;    ///< also read the protocol's own view of every account, as the referee
    bool discover = false;  ///< also look for markets and contracts that no list names
    /// Read of a borrower what margin::KeptRows keeps and nothing else; a market stands also
    /// without an account.
    bool for_book = false;
    /// Only the market of this name, where a deployment has several; "" for all of it.
    std::string only_market = {};
    NotePriceSource note_price_source = nullptr;
};

/// One line of `margrave protocols`: how a revision's arithmetic is proven.
struct RevisionProof {
    std::string behaviour;
    std::string proof;
};

/// A protocol's entry in the table that CMake generates from the folders adapters/<protocol>/.
struct Protocol {
    std::string_view name;
    /// Throws ConfigError naming the key at fault; also for keys that the adapter does not know.
    std::unique_ptr<Adapter> (*make_adapter)(const settings::MarketEntry& entry,
                                             std::span<const settings::Revision> revisions,
                                             const AdapterOptions& options);
    /// The inverse of Market::archive(); throws InputError.
    std::unique_ptr<margin::Market> (*restore_market)(const core::Archive& archive);
    /// What a token is a claim on, where it is one of this protocol; nullopt for any other token.
    /// Throws core::ChainError where that cannot be read.
    chains::Task<std::optional<margin::PoolClaim>> (*find_claim)(chains::Reader& chain,
                                                                 core::Address token);
    std::vector<RevisionProof> (*describe)();
};

[[nodiscard]] std::span<const Protocol> protocols();
/// nullptr for a protocol that margrave does not know.
[[nodiscard]] const Protocol* find_protocol(std::string_view name);

}  // namespace margrave::adapters
