#include "tests/support/simulated_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/hex.hpp"

namespace margrave::test {
namespace {

using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using chains::evm::RpcRequest;
using core::ErrorKind;
using nlohmann::json;
namespace contracts = adapters::morpho_blue;

constexpr std::uint64_t kSilenceMs = 10'000;
/// Older states are forgotten.
constexpr std::uint64_t kStatesKept = 128;

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

constexpr Weather::Climate kClimate{
    .kinds = SimulatedNode::kFaults, .calm_s = 4'000, .fault_s = 300, .longest_s = 3'600};

chains::evm::RpcError error_of(ErrorKind kind) {
    return {.kind = kind, .source = "node.example", .code = 0, .message = "fails", .data = {}};
}
RpcOutcome failure(ErrorKind kind) { return core::Unexpected(error_of(kind)); }

RpcOutcome block_text(const chains::Block& block, const core::Hash& parent) {
    return json{{"hash", core::to_hex(block.hash)},
                {"parentHash", core::to_hex(parent)},
                {"number", chains::evm::to_quantity(block.number.value())},
                {"timestamp", chains::evm::to_quantity(block.timestamp.value())}}
        .dump();
}

std::optional<std::uint64_t> number_in(const json& text) {
    const auto value = text.is_string()
                           ? core::parse_hex_quantity(text.get_ref<const std::string&>())
                           : std::nullopt;
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

core::Hash hash_in(const std::string& text) {
    const auto bytes = core::parse_hex(text).value();
    core::Hash hash{};
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
}

std::string topic_of(const core::Address& address) {
    return "0x" + std::string(24, '0') + core::to_hex(address.raw()).substr(2);
}

/// Whether the topics are those that the filter asks for.
bool matches(const json& filter, const std::vector<std::string>& topics) {
    for (std::size_t i = 0; i < filter.size(); ++i) {
        const json& wanted = filter[i];
        if (!wanted.is_null() && (i >= topics.size() || std::find(wanted.begin(), wanted.end(),
                                                                  topics[i]) == wanted.end())) {
            return false;
        }
    }
    return true;
}

}  // namespace

class SimulatedNode::Connection : public chains::evm::RpcTransport {
  public:
    explicit Connection(SimulatedNode& node) : node_(node) {}
    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> out;
        node_.time_.pause("request");
        for (const RpcRequest& request : requests) {
            ++traffic_.requests;
            traffic_.calls += request.size();
            out.push_back(node_.answer(request));
        }
        node_.time_.pause("reply");
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return traffic_; }

  private:
    SimulatedNode& node_;
    chains::evm::RpcTraffic traffic_;
};

SimulatedNode::SimulatedNode(std::uint64_t seed, SimulatedChain& chain, SimulatedTime& time)
    : chain_(chain), time_(time), dice_(seed, 2), weather_(Dice(seed, 3), kClimate) {
    fake_.block_before = false;
    for (std::size_t i = 0; i < SimulatedBlock::kMarkets; ++i) {
        auto& market = markets_.emplace_back();
        market.state.params.oracle = address(0xe000 + i);
        market.state.last_update = core::Timestamp(SimulatedChain::kStartS);
        morpho_.install(market);
    }
}

std::unique_ptr<chains::evm::RpcTransport> SimulatedNode::connect() {
    return std::make_unique<Connection>(*this);
}

settings::Settings SimulatedNode::settings(const std::string& more) const {
    std::string ids;
    for (const auto& market : markets_) {
        ids += '"' + market.id_text() + "\", ";
    }
    const std::string text =
        "[chains.devnet]\nchain_id = 1\nmulticall3 = \"" + fake_.multicall3.to_string() +
        "\"\nrpc = [\"https://node.example/\"]\n[[markets]]\nprotocol = \"morpho_blue\"\n"
        "chain = \"devnet\"\nname = \"blue\"\nmorpho = \"" +
        morpho_blue::FakeMorpho::morpho.to_string() + "\"\nmarket_ids = [" + ids + "]\n" + more;
    return settings::load({{"simulated.toml", text}}, std::nullopt,
                          [](const std::string&) { return std::nullopt; });
}

SimulatedNode::Fault SimulatedNode::fault() {
    return static_cast<Fault>(weather_.at(time_.now_ms()));
}

void SimulatedNode::begin_look() {
    chain_.advance_to(time_.now_ms());
    is_clean_ = true;
    blocks_before_ = chain_.count();
    announced_.reset();
    failed_.clear();
}

bool SimulatedNode::was_clean() const {
    return is_clean_ && failed_.empty() && blocks_before_ == chain_.count();
}

std::vector<RpcOutcome> SimulatedNode::answer(const RpcRequest& request) {
    const Fault fault = this->fault();
    is_clean_ = is_clean_ && fault == Fault::None;
    if (fault == Fault::Silent) {
        time_.sleep_for(std::chrono::milliseconds(kSilenceMs));
    }
    chain_.advance_to(time_.now_ms());
    const std::size_t tip = tip_for(fault);
    std::vector<RpcOutcome> out;
    for (const RpcCall& call : request) {
        out.push_back(answer(call, tip, fault));
    }
    return out;
}

std::size_t SimulatedNode::tip_for(Fault fault) {
    const auto behind = [&](std::uint64_t count) {
        const std::uint64_t head = chain_.at(chain_.head()).block.number.value();
        const std::uint64_t first = SimulatedChain::kStartNumber;
        return *chain_.find(head - std::min(count, head - first), chain_.head());
    };
    const bool is_other = dice_.one_in(2);
    const std::uint64_t lag = 1 + weather_.at(time_.now_ms()) % 2 + dice_.below(3);
    if (fault == Fault::Lags) {
        return behind(4);
    }
    if (fault == Fault::Uneven && is_other) {
        return behind(lag);
    }
    if (fault == Fault::TwoMinds && is_other) {
        return chain_.left_head(time_.now_ms()).value_or(chain_.head());
    }
    return chain_.head();
}

RpcOutcome SimulatedNode::answer(const RpcCall& call, std::size_t tip, Fault fault) {
    RpcOutcome out = failure(ErrorKind::Unsupported);
    if (call.method == "eth_chainId") {
        out = std::string(R"("0x1")");
    } else if (call.method == "eth_getLogs") {
        out = find_logs(call, tip);
    } else if (call.method == "eth_call" || call.method == "eth_getBalance") {
        out = execute(call, tip, fault);
    } else {
        out = find_block(call, tip);
    }
    switch (fault) {
        case Fault::Unreachable:
            return failure(ErrorKind::Unreachable);
        case Fault::Silent:
            return failure(ErrorKind::Timeout);
        case Fault::Broken:
            return failure(ErrorKind::ServerFault);
        case Fault::Busy: {
            chains::evm::RpcError busy = error_of(ErrorKind::RateLimited);
            busy.retry_after = std::chrono::seconds(dice_.between(1, 30));
            return core::Unexpected(busy);
        }
        case Fault::Garbage:
            return garbage();
        case Fault::Flaky:
            return dice_.one_in(3) ? failure(ErrorKind::ServerFault) : out;
        default:
            return out;
    }
}

RpcOutcome SimulatedNode::garbage() {
    static const std::vector<std::string> kTexts{"null",   "\"0x\"",        "{}",    "[]", "17",
                                                 "\"0x00", "\"0xnothing\"", "<html>"};
    return kTexts[dice_.below(kTexts.size())];
}

RpcOutcome SimulatedNode::find_block(const RpcCall& call, std::size_t tip) {
    const json params = json::parse(call.params);
    const auto asked = params.at(0).get<std::string>();
    std::optional<std::size_t> found;
    if (call.method == "eth_getBlockByHash") {
        found = chain_.find(hash_in(asked));
        // A node shows a block of a branch that it has left, but none that it does not have yet.
        if (found && chain_.at(*found).block.number > chain_.at(tip).block.number) {
            found.reset();
        }
    } else if (const auto number = number_in(params.at(0))) {
        found = chain_.find(*number, tip);
    } else {
        found = tip;
        announced_ = chain_.at(tip).block.hash;
    }
    if (!found) {
        return std::string("null");
    }
    const SimulatedBlock& block = chain_.at(*found);
    return block_text(block.block, block.parent_hash);
}

/// The block that the call is pinned to; a place beyond all where this node does not have it.
std::size_t SimulatedNode::find_pinned(const RpcCall& call, std::size_t tip, Fault fault) {
    // It stands at the end, behind kilobytes of calldata that need not be parsed for it.
    const std::string_view params = call.params;
    constexpr std::string_view kByHash = R"({"blockHash":")";
    const std::size_t by_hash = params.rfind(kByHash);
    if (by_hash == std::string_view::npos) {
        const std::size_t from = params.rfind(",\"") + 2;
        const auto number = core::parse_hex_quantity(params.substr(from, params.size() - from - 2));
        return chain_.find(static_cast<std::uint64_t>(number.value()), tip).value_or(kNowhere);
    }
    const core::Hash hash = hash_in(std::string(params.substr(by_hash + kByHash.size(), 66)));
    std::size_t at = chain_.find(hash).value_or(kNowhere);
    const bool is_there =
        at != kNowhere && chain_.find(chain_.at(at).block.number.value(), tip) == at;
    if (!is_there || (fault != Fault::None && fault != Fault::Lags)) {
        failed_.insert(hash);
    }
    return is_there ? at : kNowhere;  // requireCanonical
}

RpcOutcome SimulatedNode::execute(const RpcCall& call, std::size_t tip, Fault fault) {
    const std::size_t at = find_pinned(call, tip, fault);
    const std::uint64_t newest = chain_.at(tip).block.number.value();
    const std::uint64_t number = at == kNowhere ? 0 : chain_.at(at).block.number.value();
    const bool is_withheld = fault == Fault::Withholds && number + 2 > newest;
    if (at == kNowhere || number + kStatesKept <= newest || is_withheld) {
        return core::Unexpected(rpc_error(-32000, "header not found"));
    }
    load(at);
    return fake_.send({{call}})[0][0];
}

/// The contracts as they are at the block.
void SimulatedNode::load(std::size_t index) {
    if (loaded_ == index) {
        return;
    }
    loaded_ = index;
    const SimulatedBlock& block = chain_.at(index);
    fake_.block = block.block;
    for (std::size_t i = 0; i < markets_.size(); ++i) {
        const core::Address oracle = markets_[i].state.params.oracle;
        if (block.oracle_reverts[i]) {
            fake_.revert(oracle, contracts::Price{});
        } else {
            fake_.answer(oracle, contracts::Price{}, block.price[i]);
        }
    }
    if (std::exchange(loaded_book_, block.book) == block.book) {
        return;
    }
    for (std::size_t wallet = 0; wallet < SimulatedBlock::kWallets; ++wallet) {
        for (std::size_t i = 0; i < markets_.size(); ++i) {
            const SimulatedPosition& position = (*block.book)[wallet][i];
            contracts::Account account;
            account.wallet = SimulatedNode::wallet(wallet);
            account.collateral = position.collateral;
            account.borrow_shares = position.borrow_shares;
            morpho_.add(markets_[i], account);
        }
    }
}

RpcOutcome SimulatedNode::find_logs(const RpcCall& call, std::size_t tip) const {
    const json params = json::parse(call.params);
    const json& filter = params.at(0);
    const std::uint64_t newest = chain_.at(tip).block.number.value();
    const std::uint64_t to = std::min(number_in(filter.at("toBlock")).value(), newest);
    json logs = json::array();
    for (std::uint64_t number = number_in(filter.at("fromBlock")).value(); number <= to; ++number) {
        const auto found = chain_.find(number, tip);
        if (!found || !chain_.at(*found).changed) {
            continue;
        }
        const SimulatedBlock& block = chain_.at(*found);
        const core::Address who = wallet(*block.changed);
        const std::vector<std::string> topics{core::to_hex(contracts::SupplyCollateral::kTopic),
                                              core::to_hex(markets_[0].id()), topic_of(who),
                                              topic_of(who)};
        if (matches(filter.at("topics"), topics)) {
            logs.push_back({{"address", core::to_hex(morpho_blue::FakeMorpho::morpho.raw())},
                            {"topics", topics},
                            {"data", "0x" + std::string(64, '0')},
                            {"blockNumber", chains::evm::to_quantity(number)},
                            {"blockHash", core::to_hex(block.block.hash)},
                            {"logIndex", "0x0"}});
        }
    }
    return logs.dump();
}

}  // namespace margrave::test
