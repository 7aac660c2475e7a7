#include "app/chain_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using core::InputError;

constexpr const char* kDefaultChain = "ethereum";

/// Adds `name` unless it is there.
void add_name(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

bool has_chain_in_front(const core::ChainAddress& wallet) {
    return wallet.chain_prefix || wallet.chain_id;
}

std::string show(const core::ChainAddress& wallet) {
    const auto prefix = wallet.chain_prefix ? *wallet.chain_prefix
                                            : fmt::format("eip155:{}", wallet.chain_id->value());
    return fmt::format("{}:{}", core::printable(prefix), wallet.address.to_string());
}

/// "eth (ethereum), devnet": what may stand in front of an address.
std::string known_prefixes(const settings::Settings& settings) {
    std::vector<std::string> prefixes;
    prefixes.reserve(settings.chains.size());
    for (const auto& [name, chain] : settings.chains) {
        prefixes.push_back(chain.short_name ? fmt::format("{} ({})", *chain.short_name, name)
                                            : name);
    }
    return fmt::format("{}", fmt::join(prefixes, ", "));
}

class Chooser {
  public:
    Chooser(const settings::Settings& settings, const ChainQuestion& question,
            const AskChainId& ask)
        : settings_(settings), question_(question), ask_(ask), asked_for_(names_asked_for()) {}

    std::vector<ChosenChain> choose(const std::vector<core::ChainAddress>& wallets) {
        const bool any_without_chain =
            std::any_of(wallets.begin(), wallets.end(),
                        [](const auto& wallet) { return !has_chain_in_front(wallet); });
        const auto everywhere =
            any_without_chain ? chains_without_prefix() : std::vector<std::string>{};
        for (const auto& name : everywhere) {
            chosen(name);
        }
        for (const auto& wallet : wallets) {
            if (has_chain_in_front(wallet)) {
                add_wallet(chosen(chain_in_front(wallet)), wallet.address);
                continue;
            }
            for (const auto& name : everywhere) {
                add_wallet(chosen(name), wallet.address);
            }
        }
        put_given_endpoint();
        put_ambient_endpoint();
        return std::move(chosen_);
    }

  private:
    /// The names of --chain, "all" resolved; empty without it.
    [[nodiscard]] std::vector<std::string> names_asked_for() const {
        std::vector<std::string> names;
        for (const auto& name : question_.chains) {
            if (name == "all") {
                for (const auto& [known, chain] : settings_.chains) {
                    add_name(names, known);
                }
            } else if (settings_.chains.contains(name)) {
                add_name(names, name);
            } else {
                throw InputError("--chain: " + settings_.unknown_chain(name));
            }
        }
        return names;
    }

    std::vector<std::string> chains_without_prefix() {
        if (!asked_for_.empty()) {
            return asked_for_;
        }
        if (!settings_.user_chains.empty()) {
            return settings_.user_chains;
        }
        const auto& endpoint = question_.given ? question_.given : question_.ambient;
        return {endpoint ? chain_served_by(*endpoint) : settings_.chain(kDefaultChain).name};
    }

    std::string chain_served_by(const OtherEndpoint& endpoint) {
        const auto id = chain_id_of(endpoint);
        for (const auto& [name, chain] : settings_.chains) {
            if (chain.chain_id == id) {
                return name;
            }
        }
        throw InputError(
            fmt::format("the endpoint of {0} serves chain id {1}, which no known chain has: add "
                        "[chains.NAME] with chain_id = {1} to a file and name it with --config",
                        endpoint.origin, id.value()));
    }

    /// Several chains may share an id or a short name, a fork and its original say: what was asked
    /// for by name goes first.
    [[nodiscard]] std::string chain_in_front(const core::ChainAddress& wallet) const {
        std::vector<std::string> matches;
        for (const auto& [name, chain] : settings_.chains) {
            const bool is_match = wallet.chain_id ? chain.chain_id == *wallet.chain_id
                                                  : chain.short_name == wallet.chain_prefix ||
                                                        name == wallet.chain_prefix;
            if (is_match) {
                matches.push_back(name);
            }
        }
        if (matches.empty()) {
            throw InputError(fmt::format("{}: no known chain is called so; the chains are {}",
                                         show(wallet), known_prefixes(settings_)));
        }
        const auto& preferred = asked_for_.empty() ? settings_.user_chains : asked_for_;
        const auto found =
            std::find_first_of(matches.begin(), matches.end(), preferred.begin(), preferred.end());
        if (found != matches.end()) {
            return *found;
        }
        if (!asked_for_.empty()) {
            throw InputError(
                fmt::format("{}: --chain leaves out {}", show(wallet), matches.front()));
        }
        return matches.front();
    }

    ChosenChain& chosen(const std::string& name) {
        const auto found =
            std::find_if(chosen_.begin(), chosen_.end(),
                         [&](const ChosenChain& chain) { return chain.chain.name == name; });
        return found != chosen_.end()
                   ? *found
                   : chosen_.emplace_back(ChosenChain{settings_.chain(name), {}});
    }

    void add_wallet(ChosenChain& chain, const core::Address& wallet) {
        if (seen_[chain.chain.name].insert(wallet).second) {
            chain.wallets.push_back(wallet);
        }
    }

    void put_given_endpoint() {
        if (!question_.given) {
            return;
        }
        if (chosen_.size() == 1) {  // whether it really serves this chain, the reading will tell
            chosen_.front().chain.rpc = {question_.given->url};
            return;
        }
        const auto id = chain_id_of(*question_.given);
        const auto served =
            std::find_if(chosen_.begin(), chosen_.end(),
                         [&](const ChosenChain& chain) { return chain.chain.chain_id == id; });
        if (served == chosen_.end()) {
            throw InputError(fmt::format(
                "the endpoint of {} serves chain id {}, which is none of the chains to read",
                question_.given->origin, id.value()));
        }
        served->chain.rpc = {question_.given->url};
    }

    /// A variable set for another chain must not turn this one's reading into a failure, so it is
    /// asked first.
    void put_ambient_endpoint() {
        const auto may_replace = [](const ChosenChain& chain) { return !chain.chain.rpc_is_users; };
        if (question_.given || !question_.ambient ||
            std::none_of(chosen_.begin(), chosen_.end(), may_replace)) {
            return;
        }
        const auto id = chain_id_of(*question_.ambient);
        for (auto& chain : chosen_) {
            if (may_replace(chain) && chain.chain.chain_id == id) {
                chain.chain.rpc = {question_.ambient->url};
            }
        }
    }

    core::ChainId chain_id_of(const OtherEndpoint& endpoint) {
        if (!answer_) {
            answer_ = ask_(endpoint);
        }
        return *answer_;
    }

    const settings::Settings& settings_;
    const ChainQuestion& question_;
    const AskChainId& ask_;
    std::vector<std::string> asked_for_;
    std::vector<ChosenChain> chosen_;
    std::map<std::string, std::unordered_set<core::Address>> seen_;  ///< wallets by chain
    std::optional<core::ChainId>
        answer_;  ///< of the given endpoint, else of the ambient: never both are asked
};

}  // namespace

std::vector<ChosenChain> choose_chains(const settings::Settings& settings,
                                       const std::vector<core::ChainAddress>& wallets,
                                       const ChainQuestion& question, const AskChainId& ask) {
    return Chooser(settings, question, ask).choose(wallets);
}

void require_endpoints(const std::vector<ChosenChain>& chains) {
    for (const auto& [chain, wallets] : chains) {
        if (chain.rpc.empty()) {
            throw core::ConfigError(fmt::format(
                "chain {0} has no endpoint: give --rpc URL, set ETH_RPC_URL, or put rpc = "
                "[\"https://…\"] under [chains.{0}] in a --config file",
                chain.name));
        }
    }
}

}  // namespace margrave::app
