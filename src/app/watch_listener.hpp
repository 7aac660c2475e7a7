#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/alert_message.hpp"
#include "chains/evm/rpc.hpp"
#include "chains/reader.hpp"
#include "channels/channel.hpp"
#include "core/errors.hpp"
#include "report/report.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// Is told, by the threads of a watch, what they do. This one does nothing with it. Whoever
/// overrides must not throw, and not keep the threads waiting.
class WatchListener {
  public:
    using Seconds = std::chrono::duration<double>;

    virtual ~WatchListener() = default;

    /// Every answer of a node to the chain's thread, whatever it says.
    virtual void heard(const std::string& /*chain*/) {}
    virtual void saw_head(const std::string& /*chain*/, const chains::Block& /*head*/) {}
    virtual void could_not_read(const std::string& /*chain*/, core::ErrorKind /*kind*/) {}
    /// So many evaluated blocks are not of the chain any more.
    virtual void reorganised(const std::string& /*chain*/, std::uint64_t /*depth*/) {}
    /// A block was evaluated, and what was found is written.
    virtual void evaluated(const std::string& /*chain*/, const store::WatchedBlock& /*block*/,
                           const report::Report& /*health*/, Seconds /*took*/) {}
    /// The same of a block of which only those wallets were looked at that are near.
    virtual void evaluated_near(const std::string& /*chain*/, const store::WatchedBlock& /*block*/,
                                Seconds /*took*/) {}
    /// A block with which nobody has to be looked at.
    virtual void passed_over(const std::string& /*chain*/, const chains::Block& /*block*/) {}
    /// The whole report of a block, which is not made of each.
    virtual void reported(const std::string& /*chain*/,
                          const std::shared_ptr<const report::Report>& /*report*/) {}
    /// What is told once it is written.
    virtual void found(const std::string& /*chain*/, const AlertMessage& /*message*/,
                       const std::string& /*body*/) {}
    virtual void wrote(const std::string& /*chain*/) {}
    /// A look ended; `is_read`: everything up to the head is evaluated.
    virtual void looked(const std::string& /*chain*/, bool /*is_read*/) {}

    /// How the chain's endpoints stand after a look.
    virtual void agreed(const std::string& /*chain*/, const chains::evm::Agreement& /*agreement*/,
                        bool /*is_read*/) {}
    /// So many blocks are not final yet; nullopt where nobody says.
    virtual void saw_final(const std::string& /*chain*/, std::optional<std::uint64_t> /*lag*/) {}

    /// A request to an endpoint, and what came of it.
    struct Exchange {
        std::string method;  ///< "batch" of several
        bool is_answered = false;
        bool is_garbled = false;  ///< what came was no answer to it
        Seconds took{0};
    };
    /// By the endpoint's alias.
    virtual void asked(const std::string& /*endpoint*/, const Exchange& /*exchange*/) {}

    virtual void sent(const std::string& /*channel*/, channels::Delivery::Outcome /*outcome*/,
                      Seconds /*took*/) {}
    /// Nothing is due on the channel.
    virtual void rests(const std::string& /*channel*/) {}

    [[nodiscard]] static WatchListener& nobody() {
        static WatchListener one;
        return one;
    }
};

}  // namespace margrave::app
