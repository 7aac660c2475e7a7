#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chains/reader.hpp"
#include "chains/task.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "margin/oracle.hpp"

namespace margrave::chains::evm::oracles {

using margin::PriceQuestion;

/// A source that was looked into, before its parts are joined to it.
struct Probed {
    margin::OracleSource source;  ///< parts without what they are made of
    /// For each part: it is a source of its own, and its answer is that one's.
    std::vector<bool> is_source;
};

/// Looks into one source: one round for its functions, another for what they lead to. A function
/// that reverts, or answers something else, is one that the source does not have. Throws
/// core::ChainError for every other failure. Source addresses are left in the parts.
[[nodiscard]] Task<Probed> probe(Reader& chain, core::Address source, PriceQuestion question);

/// The price sources of one chain: each is looked into once, however many wallets and markets use
/// it, and so is what it is made of. Nobody waits for it: it is done when the reader is.
class SourceBook {
  public:
    explicit SourceBook(Reader& chain) : chain_(chain) {}

    /// Begins to look into a source; no more than once.
    void note(core::Address source, PriceQuestion question);
    /// Begins to read an L2's sequencer uptime feed.
    void note_sequencer(core::Address feed, std::uint64_t grace_s);

    /// A failure that is no answer: health is judged by the protocol's own answer all the same.
    struct Failure {
        std::vector<core::Address> sources;
        std::string what;  ///< "price source", "sequencer uptime feed"
        core::ErrorKind kind = core::ErrorKind::ServerFault;
        std::string detail;
    };
    struct Found {
        margin::OracleBook book;  ///< without its chain's name
        std::vector<Failure> failures;
    };
    /// Joins what was read, when the reader is done. A source inside itself is cut off: it stands
    /// there as its answer.
    [[nodiscard]] Found take();

  private:
    struct Entry {
        std::size_t depth = 0;
        std::optional<Task<bool>> task;
        std::optional<Probed> probed;
        std::optional<core::ChainError> failure;
    };
    struct SequencerEntry {
        margin::Sequencer sequencer;
        std::optional<Task<bool>> task;
        std::optional<core::ChainError> failure;
    };
    using Joined = std::map<core::Address, std::shared_ptr<const margin::OracleSource>>;

    void begin(core::Address source, PriceQuestion question, std::size_t depth);
    [[nodiscard]] Task<bool> look(core::Address source, PriceQuestion question);
    [[nodiscard]] Task<bool> look_at_sequencer(core::Address feed);
    [[nodiscard]] std::shared_ptr<const margin::OracleSource> join(core::Address source,
                                                                   std::vector<core::Address>& path,
                                                                   Joined& joined,
                                                                   margin::OracleBook& book);

    Reader& chain_;
    std::map<core::Address, Entry> entries_;
    std::optional<SequencerEntry> sequencer_;
};

}  // namespace margrave::chains::evm::oracles
